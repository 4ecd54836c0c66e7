// An HTTP server that answers as a test says: `node answers.mjs FOLDER` prints its port, and answers GET /a/b with the file FOLDER/a_b,
// or with 404. The first N requests get 503 where FOLDER/a_b.after has a number N. Each request is a line of FOLDER/asked: path, TAB, Accept.
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'

const folder = process.argv[2]
const counts = new Map()

const server = createServer((request, response) => {
  appendFileSync(join(folder, 'asked'), `${request.url}\t${request.headers.accept}\n`)
  const file = join(folder, request.url.slice(1).replaceAll('/', '_'))
  const count = (counts.get(file) ?? 0) + 1
  counts.set(file, count)
  const late = existsSync(`${file}.after`) ? Number(readFileSync(`${file}.after`)) : 0
  response.statusCode = !existsSync(file) ? 404 : count <= late ? 503 : 200
  response.end(response.statusCode === 200 ? readFileSync(file) : '<html>an error of 10.0.0.1</html>')
})
server.listen(0, '127.0.0.1', () => console.log(server.address().port))
