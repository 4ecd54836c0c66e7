// The market's rules in Solidity (solidity/), compiled by solc and run by the Ethereum project's own virtual machine,
// all in this process: begin() makes the contracts, and call() is one call in one block.
import { readFileSync } from 'node:fs'
import { EVM } from '@ethereumjs/evm'
import { compile } from './compile.mjs'

const gasLimit = 100_000_000n

function source(name) {
    const at = name.startsWith('@') ? `node_modules/${name}` : `solidity/${name}`
    return readFileSync(new URL(at, import.meta.url), 'utf8')
}

let compiled
/// Gives code(file, name): what a contract of those files is made with, in hex without its parameters.
export async function contracts(files = ['Token.sol', 'Marketplace.sol', 'Vault.sol']) {
    if (compiled) return compiled
    const input = {
        language: 'Solidity',
        sources: Object.fromEntries(files.map((file) => [file, { content: source(file) }])),
        settings: {
            evmVersion: 'paris', // as the network's contracts are
            optimizer: { enabled: true, runs: 1000 },
            viaIR: false,
            outputSelection: { '*': { '*': ['evm.bytecode.object', 'abi'] } },
        },
    }
    const output = await compile(input, source, ({ severity }) => severity !== 'error')
    compiled = (file, name) => output.contracts[file][name].evm.bytecode.object
    return compiled
}

export const word = (value) => BigInt(value).toString(16).padStart(64, '0')
export const bytes = (hex) => Uint8Array.from(Buffer.from(hex.replace(/^0x/, ''), 'hex'))
export const hex = (of) => `0x${Buffer.from(of).toString('hex')}`

/// The hash of block n: n + 1 in 32 bytes, of which the first is 5a.
const hashOf = (number) => bytes(`5a${word(BigInt(number) + 1n).slice(2)}`)

/// ((u8,u8,u8,u8),(u64,u64,u8,u8,string),(u8),u64), the string being empty.
function encodeConfiguration({ collateral, proofs, reservations, requestDurationLimit }) {
    const head = [...Object.values(collateral), 7 * 32, reservations.maxReservations, requestDurationLimit]
    const tail = [proofs.period, proofs.timeout, proofs.downtime, proofs.downtimeProduct, 5 * 32, 0]
    return [...head, ...tail].map(word).join('')
}

/// What the marketplace is made with.
export function parametersOf(configuration, token, verifier) {
    return word(96) + word(token) + word(verifier) + encodeConfiguration(configuration)
}

export async function begin(configuration, owner) {
    const code = await contracts()
    const blockchain = {
        getBlock: async (number) => ({ hash: () => hashOf(number) }),
        shallowCopy() {
            return this
        },
    }
    const evm = await EVM.create({ blockchain, allowUnlimitedContractSize: true })
    const header = (number, timestamp) => ({
        header: {
            number: BigInt(number),
            timestamp: BigInt(timestamp),
            coinbase: { bytes: new Uint8Array(20), toString: () => '' },
            cliqueSigner: () => undefined,
            difficulty: 0n,
            prevRandao: new Uint8Array(32),
            gasLimit,
            baseFeePerGas: 0n,
            getBlobGasPrice: () => 0n,
        },
    })
    const address = (of) => ({
        bytes: bytes(of),
        toString: () => of.toLowerCase(),
        equals: (other) => other.toString() === of.toLowerCase(),
    })
    const deploy = async (file, name, parameters) => {
        const data = bytes(code(file, name) + parameters)
        const made = await evm.runCall({ data, gasLimit, block: header(282, 1) })
        const failed = made.execResult.exceptionError
        if (failed) throw new Error(`${name}: ${failed.error} ${hex(made.execResult.returnValue)}`)
        return made.createdAddress.toString()
    }
    const token = await deploy('Token.sol', 'Token', '')
    const verifier = await deploy('Marketplace.sol', 'TestVerifier', '')
    const marketplace = await deploy('Marketplace.sol', 'Marketplace', parametersOf(configuration, token, verifier))
    const vault = await deploy('Vault.sol', 'Vault', word(token) + word(owner))
    const call = async ({ block, time, from, to, data, view }) => {
        if (view) await evm.journal.checkpoint()
        const { execResult } = await evm.runCall({
            caller: address(from),
            origin: address(from),
            to: address(to),
            data: bytes(data),
            gasLimit,
            isStatic: false,
            block: header(block, time),
        })
        if (view) await evm.journal.revert()
        const failed = execResult.exceptionError
        if (failed && failed.error !== 'revert') throw new Error(`the machine failed: ${failed.error}`)
        const logs = failed ? [] : (execResult.logs ?? [])
        return {
            ok: !failed,
            data: hex(execResult.returnValue),
            logs: logs.map(([by, topics, of]) => ({
                address: hex(by),
                topics: topics.map(hex),
                data: hex(of),
            })),
        }
    }
    return { token, marketplace, vault, call }
}
