// The verifier contract of solidity/, compiled by solc and run by the Ethereum project's own virtual
// machine with its precompiled contracts, all in this process.
import { readFileSync } from 'node:fs'
import { EVM } from '@ethereumjs/evm'
import { compile } from './compile.mjs'

const name = 'Groth16Verifier'
const file = `${name}.sol`
const verifySignature =
    'verify(((uint256,uint256),((uint256,uint256),(uint256,uint256)),(uint256,uint256)),uint256[])'
const gasLimit = 30_000_000n

async function verifier() {
    const content = readFileSync(new URL(`solidity/${file}`, import.meta.url), 'utf8')
    const output = await compile({
        language: 'Solidity',
        sources: { [file]: { content } },
        settings: {
            evmVersion: 'shanghai',
            optimizer: { enabled: true },
            outputSelection: {
                [file]: { [name]: ['evm.bytecode.object', 'evm.methodIdentifiers'] },
            },
        },
    })
    const { bytecode, methodIdentifiers } = output.contracts[file][name].evm
    return { bytecode: bytecode.object, selector: methodIdentifiers[verifySignature] }
}

// The ABI of what is needed here: a sequence of 32-byte words.
const word = (value) => BigInt(value).toString(16).padStart(64, '0')
const words = (values) => values.map(word).join('')
const bytes = (hex) => Uint8Array.from(Buffer.from(hex, 'hex'))
const g1 = ([x, y]) => [x, y]
const g2 = ([x, y]) => [...x, ...y]

/// Panic(0x11): a difference below 0.
const overflow = `4e487b71${word(0x11)}`

// The constructor's argument for a key in snarkjs's form: the offset of the struct, its static
// members, the offset of the array in it, and the array.
function encodeKey(key) {
    const members = [
        ...g1(key.vk_alpha_1),
        ...g2(key.vk_beta_2),
        ...g2(key.vk_gamma_2),
        ...g2(key.vk_delta_2),
    ]
    const ic = key.IC.flatMap(g1)
    return words([32, ...members, 32 * (members.length + 1), key.IC.length, ...ic])
}

/// Deploys the contract with `key` as its argument. Gives verify(proofWords, inputs), which answers
/// accepted or refused as the contract does, overflow when it panics so, and throws when the call fails otherwise.
export async function deploy(key) {
    const { bytecode, selector } = await verifier()
    const evm = await EVM.create()
    const call = async (options) => {
        const result = await evm.runCall({ gasLimit, ...options })
        if (result.execResult.exceptionError) {
            throw new Error(`the call failed: ${result.execResult.exceptionError.error}`)
        }
        return result
    }
    const { createdAddress: to } = await call({ data: bytes(bytecode + encodeKey(key)) })
    const verify = async (proof, inputs) => {
        const offset = 32 * (proof.length + 1)
        const data = bytes(selector + words([...proof, offset, inputs.length, ...inputs]))
        const { execResult } = await evm.runCall({ gasLimit, to, data })
        const returned = Buffer.from(execResult.returnValue).toString('hex')
        if (returned === overflow) return 'overflow'
        if (execResult.exceptionError) {
            throw new Error(`the call failed: ${execResult.exceptionError.error}`)
        }
        return BigInt(`0x${returned}`) === 1n ? 'accepted' : 'refused'
    }
    return { verify }
}
