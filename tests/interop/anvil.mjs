// A chain for tests: anvil, as npm has it, on a free port of this host, in memory.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { Client } from 'undici'

const path = fileURLToPath(new URL('node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil', import.meta.url))
const patience = 60_000 // milliseconds, after which it has stopped, and does not only take long
const mnemonic = 'test test test test test test test test test test test junk'

/// npm has it for Linux on x86-64 alone.
export const isThere = () => existsSync(path)

const freePort = () =>
    new Promise((resolve, reject) => {
        const server = createServer().on('error', reject)
        server.listen(0, '127.0.0.1', () => {
            const { port } = server.address()
            server.close(() => resolve(port))
        })
    })

/// A connection of its own, kept alive. Threads of calls that do not wait for each other have one each.
export function connection(port) {
    const client = new Client(`http://127.0.0.1:${port}`, { bodyTimeout: patience, headersTimeout: patience })
    const post = async (body) => {
        const answer = await client.request({
            path: '/',
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body,
        })
        return answer.body.json()
    }
    const result = ({ result, error }) => {
        if (error) throw new Error(`anvil: ${error.message}`)
        return result
    }
    return {
        async ask(method, ...params) {
            return result(await post(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })))
        },
        /// Sends what batch() gave; the results are in its order.
        async send(batch) {
            const answers = await post(batch)
            return answers.sort((a, b) => a.id - b.id).map(result)
        },
        close: () => client.close(),
    }
}

/// The text of calls of one method that go in one request: `all` is the parameters of each.
export const batch = (method, all) =>
    JSON.stringify(all.map((params, id) => ({ jsonrpc: '2.0', id, method, params })))

/// Starts it, with more flags, and gives its port once it answers, and what ends it.
export async function start(flags = []) {
    for (let tries = 0; ; ++tries) {
        const port = await freePort() // which another may take before it does
        const own = ['--host', '127.0.0.1', '--port', port, '--chain-id', 31337, '--mnemonic', mnemonic, '--silent']
        const child = spawn(path, [...own, ...flags].map(String), { stdio: ['ignore', 'ignore', 'inherit'] })
        const ended = new Promise((resolve) => child.on('exit', resolve).on('error', resolve))
        const stop = async () => {
            child.kill()
            await ended
        }
        process.on('exit', () => child.kill())
        const answers = async () => {
            for (;;) {
                const asked = connection(port)
                const id = await asked.ask('eth_chainId').catch(() => undefined)
                await asked.close()
                if (id) return true
                if (child.exitCode !== null || child.signalCode !== null) return false
                await new Promise((resolve) => setTimeout(resolve, 20))
            }
        }
        if (await answers()) return { port, stop }
        if (tries === 4) throw new Error('anvil does not start')
    }
}
