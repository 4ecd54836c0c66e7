// node anvil-calls.mjs FOLDER COUNT: how many calls a second of the market in Solidity (solidity/) anvil takes, from the
// first that is sent until the last is in a block: the calls that tests/bench/ledger.bash makes on a ledger. FOLDER has
// request.json, which is posted first; of each account NAME.key, a private key in hex; and of each that calls
// NAME.COMMAND, the lines that codex-market COMMAND --batch reads, of which so many are sent. They are signed before the
// time begins, and each account has a connection. Prints "CALLS-A-SECOND TAB HOW" for two ways of mining:
//
//   automine   a block for what is there, at once. An account sends a call when the one before is in a block: where calls
//              come without waiting it stops for good, with some that are ready (foundry#10122; seen with 1.5.1 and
//              1.7.1). Of each account a hundred are sent, for blocks cost more the more is kept.
//   no mining  until all calls are there, many in one request; then block by block. It is the fastest way.
//
// anvil keeps all of it in memory.
import { readFileSync, readdirSync } from 'node:fs'
import { Interface, Wallet } from 'ethers'
import { batch, connection, isThere, start } from './anvil.mjs'
import { contracts, parametersOf } from './twin.mjs'

const [folder, count] = process.argv.slice(2)
if (!isThere()) {
    console.error('anvil is not installed')
    process.exit(69)
}
const together = 200 // calls in a request
const fewest = 100 // calls of an account that come one by one
const read = (name) => readFileSync(`${folder}/${name}`, 'utf8').trim()
const key = (name) => `0x${read(`${name}.key`).replace(/^0x/, '')}`

const request = JSON.parse(read('request.json'))
const ask =
    '(uint256 proofProbability,uint256 pricePerBytePerSecond,uint256 collateralPerByte,' +
    'uint64 slots,uint64 slotSize,uint64 duration,uint64 maxSlotLoss) ask'
const content = '(bytes cid,bytes32 merkleRoot) content'
const abi = new Interface([
    `function requestStorage((address client,${ask},${content},uint64 expiry,bytes32 nonce))`,
    'function reserveSlot(bytes32,uint64)',
    'function mint(address,uint256)',
    'function transfer(address,uint256)',
    'function approve(address,uint256)',
])
const encode = (name, ...values) => abi.encodeFunctionData(name, values)

/// What a line of a command is as a call: which contract's, and calldata.
const commands = {
    mint: (line) => ['token', encode('mint', ...line.split(' '))],
    transfer: (line) => ['token', encode('transfer', ...line.split(' '))],
    reserve: (line) => ['market', encode('reserveSlot', ...line.split('@'))],
}
const callers = readdirSync(folder)
    .map((name) => name.split('.'))
    .filter(([, command, more]) => command in commands && more === undefined)

// As codex-market init makes one where nothing else is said.
const configuration = {
    collateral: { repairRewardPercentage: 10, maxNumberOfSlashes: 2, slashPercentage: 20, validatorRewardPercentage: 20 },
    proofs: { period: 90, timeout: 30, downtime: 96, downtimeProduct: 97 },
    reservations: { maxReservations: 3 },
    requestDurationLimit: 2592000,
}
const tokens = 2n ** 128n

class Account {
    constructor(name) {
        this.wallet = new Wallet(key(name))
        this.address = this.wallet.address
        this.nonce = 0
    }
    sign(to, data, gasLimit) {
        const fees = { type: 0, chainId: 31337, gasPrice: 2_000_000_000n }
        return this.wallet.signTransaction({ ...fees, nonce: this.nonce++, to, data, gasLimit })
    }
}

/// Makes the contracts, and what they need before the calls; gives where they are.
async function deploy(chain, accounts) {
    const client = new Account('client')
    for (const { address } of [client, ...accounts]) await chain.ask('anvil_setBalance', address, '0xffffffffffffffffffff')
    await chain.ask('anvil_mine', '0x101', '0x0') // the market looks 256 blocks back
    const call = async (to, data) => {
        const hash = await chain.ask('eth_sendRawTransaction', await client.sign(to, data, 12_000_000n))
        await chain.ask('evm_mine')
        const { status, contractAddress } = await chain.ask('eth_getTransactionReceipt', hash)
        if (Number(status) !== 1) throw new Error('the market cannot be made')
        return contractAddress
    }
    const code = await contracts()
    const make = (file, name, parameters = '') => call(null, `0x${code(file, name)}${parameters}`)
    const token = await make('Token.sol', 'Token')
    const verifier = await make('Marketplace.sol', 'TestVerifier')
    const market = await make('Marketplace.sol', 'Marketplace', parametersOf(configuration, token, verifier))
    for (const { address } of [client, ...accounts]) await call(token, encode('mint', address, tokens))
    await call(token, encode('approve', market, tokens))
    await call(market, encode('requestStorage', request))
    return { token, market }
}

/// All calls of an account, signed. They are the same for each chain, for so are the addresses.
const signed = new Map()
async function callsOf(name, command, account, at) {
    if (!signed.has(name)) {
        const calls = []
        for (const line of read(`${name}.${command}`).split('\n').slice(0, count)) {
            const [contract, data] = commands[command](line)
            calls.push(await account.sign(at[contract], data, 200_000n))
        }
        signed.set(name, calls)
    }
    return signed.get(name)
}

/// One after the other, each when the one before is in a block.
async function oneByOne({ calls, link }) {
    const hashes = []
    for (const call of calls.slice(0, fewest)) hashes.push((await link.ask('eth_sendRawTransactionSync', call)).transactionHash)
    return hashes
}

/// Many in one request, the next one when the one before is answered.
async function many({ calls, link }) {
    const requests = []
    for (let i = 0; i < calls.length; i += together) {
        requests.push(batch('eth_sendRawTransaction', calls.slice(i, i + together).map((call) => [call])))
    }
    const hashes = []
    for (const one of requests) hashes.push(...(await link.send(one)))
    return hashes
}

/// Mines as long as calls are not in blocks, each of which has one at least.
async function mine(chain, senders) {
    let blocks = senders.reduce((all, { calls }) => all + calls.length, 0)
    for (const { account, calls } of senders) {
        while (Number(await chain.ask('eth_getTransactionCount', account.address, 'latest')) < calls.length) {
            if (--blocks < 0) throw new Error('anvil leaves calls out')
            await chain.ask('evm_mine')
        }
    }
}

/// Calls a second.
async function measure(flags, send, finish) {
    const { port, stop } = await start(flags)
    const chain = connection(port)
    const accounts = callers.map(([name]) => new Account(name))
    const at = await deploy(chain, accounts)
    const senders = []
    for (const [i, [name, command]] of callers.entries()) {
        const calls = await callsOf(name, command, accounts[i], at)
        senders.push({ account: accounts[i], calls, link: connection(port) })
    }
    const begin = process.hrtime.bigint()
    const hashes = (await Promise.all(senders.map(send))).flat()
    await finish(chain, senders)
    const seconds = Number(process.hrtime.bigint() - begin) / 1e9
    for (let i = 0; i < hashes.length; i += 1000) {
        const asked = hashes.slice(i, i + 1000).map((hash) => [hash])
        const receipts = await chain.send(batch('eth_getTransactionReceipt', asked))
        if (receipts.some((receipt) => Number(receipt?.status) !== 1)) throw new Error('a call was refused')
    }
    await stop()
    return Math.round(hashes.length / seconds)
}

console.log(`${await measure([], oneByOne, () => undefined)}\tautomine`)
console.log(`${await measure(['--no-mining'], many, mine)}\tno mining`)
process.exit(0) // connections to what has ended are no reason to wait
