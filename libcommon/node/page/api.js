// What the node is asked, relative to where the page is, so that a proxy may put both elsewhere.
import { element, problem } from "./texts.js"

export const API = "api/codex/v1"
const KEY = "codex-token"

let token = sessionStorage.getItem(KEY) ?? ""
let asking = null

/** The fields that each request has. */
export const fields = () => (token === "" ? {} : { Authorization: `Bearer ${token}` })
export const hasToken = () => token !== ""

/** Asks the user for the token; several that need it wait for one. */
const askForToken = () => {
  asking ??= new Promise((resolve) => {
    const dialog = element("token-dialog")
    if (token !== "") element("token-text").textContent = "The node does not take this token. Look into the file that it was begun with."
    element("token-form").onsubmit = (event) => {
      event.preventDefault()
      token = element("token-input").value.trim()
      sessionStorage.setItem(KEY, token)
      element("token-input").value = ""
      dialog.close()
    }
    dialog.onclose = () => {
      asking = null
      resolve()
    }
    dialog.showModal()
  })
  return asking
}

/** Sends a request; gives the answer, whatever its status. Throws a Problem where none comes. */
const send = async (wanted, method, path) => {
  try {
    return await fetch(`${API}${path}`, { method, headers: fields(), cache: "no-store" })
  } catch {
    throw problem(wanted, 0, "")
  }
}

/** The answer to a request, once it went well; `wanted` is what for, in words. Throws a Problem. */
export const ask = async (wanted, path, method = "GET") => {
  for (;;) {
    const used = token
    const answer = await send(wanted, method, path)
    if (answer.ok) return answer
    const text = await answer.text()
    if (answer.status !== 401) throw problem(wanted, answer.status, text)
    if (used === token) await askForToken()
    if (used === token) throw problem(wanted, 401, text)
  }
}

export const askJson = async (wanted, path) => (await ask(wanted, path)).json()

/**
 * Stores a file. `onProgress` hears of bytes that are sent; gives the promise of its CID and a way to
 * cancel. Rejects with a Problem, or null when it was cancelled.
 */
export const upload = (file, onProgress) => {
  const request = new XMLHttpRequest()
  const wanted = `Uploading ${file.name}`
  const done = new Promise((resolve, reject) => {
    request.upload.onprogress = (event) => onProgress(event.loaded, event.total)
    request.onload = () => (request.status === 200 ? resolve(request.responseText)
      : reject(problem(wanted, request.status, request.responseText)))
    request.onerror = () => reject(problem(wanted, 0, ""))
    request.onabort = () => reject(null)
    request.open("POST", `${API}/data`)
    for (const [name, value] of Object.entries(fields())) request.setRequestHeader(name, value)
    // No system takes these characters in a name; the bytes of UTF-8 go as they are.
    const name = file.name.replace(/["\\/:*?<>|\u0000-\u001f]/g, "_")
    const octets = Array.from(new TextEncoder().encode(name), (byte) => String.fromCharCode(byte)).join("")
    request.setRequestHeader("Content-Disposition", `attachment; filename="${octets}"`)
    if (file.type !== "") request.setRequestHeader("Content-Type", file.type)
    request.send(file)
  })
  return { done, cancel: () => request.abort() }
}
