// What solc makes of contracts. Where the environment's CODEX_COMPILED is a folder, what came out is kept there, under the
// hash of all that may go in: solc takes seconds for what is the same in every run.
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs'

const folder = process.env.CODEX_COMPILED

/// Of all files that contracts are made of: those of packages, and solc, are of the versions that package-lock.json has.
function hashWith(text) {
    const at = (name) => readFileSync(new URL(name, import.meta.url))
    const own = readdirSync(new URL('solidity', import.meta.url)).sort().map((name) => at(`solidity/${name}`))
    const digests = [at('package-lock.json'), ...own, text].map((bytes) => createHash('sha256').update(bytes).digest())
    return createHash('sha256').update(Buffer.concat(digests)).digest('hex')
}

/// solc's output for `input`, an object, without errors or warnings but those that `accepts` takes. `source(name)` is the text
/// of what is imported.
export async function compile(input, source = () => { throw new Error('nothing is imported') }, accepts = () => false) {
    const text = JSON.stringify(input)
    const path = folder && `${folder}/${hashWith(text)}.json`
    if (path) {
        try {
            return JSON.parse(readFileSync(path, 'utf8'))
        } catch (error) {
            if (error.code !== 'ENOENT') throw error
        }
    }
    const { default: solc } = await import('solc')
    const answer = solc.compile(text, { import: (name) => ({ contents: source(name) }) })
    const output = JSON.parse(answer)
    const errors = (output.errors ?? []).filter((error) => !accepts(error))
    if (errors.length) throw new Error(errors.map((error) => error.formattedMessage).join('\n'))
    if (path) {
        mkdirSync(folder, { recursive: true })
        writeFileSync(`${path}.${process.pid}`, answer)
        renameSync(`${path}.${process.pid}`, path)
    }
    return output
}
