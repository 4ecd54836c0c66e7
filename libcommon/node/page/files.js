// Files: stored, listed, given, taken away, and fetched from others.
import { API, ask, askJson, hasToken, upload } from "./api.js"
import { showHealth } from "./health.js"
import { bytes, element, hideProblem, make, Problem, refill, row, say, sentence, short, show } from "./texts.js"

/** By CID, what their owners call them: a name goes with the file, a label is of this node alone. */
let labels = new Map()
const name_of = ({ cid, manifest }) => manifest.filename ?? labels.get(cid) ?? short(cid)

/** Asks until the user has said; true: delete. A keyboard begins at the answer that loses nothing. */
const confirmDeleting = (name, size) => new Promise((resolve) => {
  const dialog = element("delete-dialog")
  let yes = false
  element("delete-what").textContent = `${name} (${size}) is taken away from this node. Others who have it keep it.`
  element("delete-no").onclick = () => dialog.close()
  element("delete-yes").onclick = () => {
    yes = true
    dialog.close()
  }
  // An event of the time before, which comes when this one is open already, is no answer.
  dialog.onclose = () => { if (!dialog.open) resolve(yes) }
  dialog.showModal()
  element("delete-no").focus()
})

const remove = async (item) => {
  const name = name_of(item)
  if (!(await confirmDeleting(name, bytes(item.manifest.datasetSize)))) return
  await ask(`Deleting ${name}`, `/data/${item.cid}`, "DELETE")
  say(`${name} is deleted.`)
  element("upload-input").focus() // the button is gone
  await update()
}

/** A link cannot show a token: then what comes is kept until the browser has saved it. */
const download = async (item) => {
  const name = name_of(item)
  say(`${name} is being downloaded.`)
  const answer = await ask(`Downloading ${name}`, `/data/${item.cid}/network/stream`)
  const url = URL.createObjectURL(await answer.blob())
  make("a", "", { href: url, download: item.manifest.filename ?? item.cid }).click()
  setTimeout(() => URL.revokeObjectURL(url), 60000)
  say(`${name} is downloaded.`)
}

const button = (text, what, cid, act) => {
  const made = make("button", text, { type: "button", "aria-label": `${text} ${what}`, "data-key": `${text} ${cid}` })
  made.onclick = () => {
    hideProblem()
    act().catch(show)
  }
  return made
}

const file_row = (item) => {
  const name = name_of(item)
  const { datasetSize, mimetype } = item.manifest
  const get = hasToken() ? button("Download", name, item.cid, () => download(item))
    : make("a", "Download", { class: "button", "aria-label": `Download ${name}`, "data-key": `Download ${item.cid}`, download: "",
      href: `${API}/data/${item.cid}/network/stream` })
  const kind = `${item.manifest.protected ? "protected, " : ""}${mimetype ?? "no type"}`
  return row([["Name", name, "long"], ["Size", bytes(datasetSize)], ["Kind", kind, "long"], ["CID", item.cid, "cid"],
    ["Do", [get, button("Health", name, item.cid, () => showHealth(item.cid, name)), button("Delete", name, item.cid, () => remove(item))]]])
}

/** The list and the space, as they are now. */
export const update = async () => {
  const [list, space, named] = await Promise.all([askJson("Listing files", "/data"), askJson("Looking at the space", "/space"),
    askJson("Looking at the labels", "/node/labels")])
  labels = new Map(named.labels.map(({ cid, label }) => [cid, label]))
  refill(element("file-rows"), list.content.map((item) => ({ ...item, label: labels.get(item.cid) })), file_row)
  element("file-table").hidden = list.content.length === 0
  element("file-none").hidden = list.content.length !== 0
  const used = space.quotaUsedBytes + space.quotaReservedBytes
  element("space-text").textContent =
    `${bytes(used)} of ${bytes(space.quotaMaxBytes)} used, in ${space.totalBlocks} blocks; ${bytes(Math.max(0, space.quotaMaxBytes - used))} are free.`
  element("space-bar").value = used / Math.max(1, space.quotaMaxBytes)
}

/** One upload, with its line; ends when that is over. */
const store = async (file) => {
  const line = make("li")
  const text = make("span", `${file.name}: `)
  const bar = make("progress", "", { max: "1", value: "0", "aria-label": `Upload of ${file.name}` })
  const stop = make("button", "Cancel", { type: "button", "aria-label": `Cancel the upload of ${file.name}` })
  line.append(text, bar, stop)
  element("uploads").append(line)
  try {
    if (file.size === 0) throw new Problem(`${file.name} is empty.`, "A file needs a byte at least to be stored.")
    const { done, cancel } = upload(file, (sent, total) => {
      bar.value = sent / Math.max(1, total)
      text.textContent = sent === total ? `${file.name}: all of it is sent, and is being stored ` : `${file.name}: ${bytes(sent)} of ${bytes(total)} `
    })
    stop.onclick = cancel
    const cid = await done
    say(`${file.name} is stored as ${cid}.`)
  } catch (caught) {
    if (caught === null) say(`The upload of ${file.name} is cancelled.`)
    else show(caught)
  }
  if (line.contains(document.activeElement)) element("upload-input").focus()
  line.remove()
}

/** Two at a time: more would only share the same disk. */
const waiting = []
let storing = 0
const storeNext = async () => {
  if (storing >= 2 || waiting.length === 0) return
  ++storing
  await store(waiting.shift())
  --storing
  await update().catch(show)
  storeNext()
}
const storeAll = (files) => {
  hideProblem()
  waiting.push(...files)
  storeNext()
  storeNext()
}

const fetch_line = (one) => {
  const name = short(one.cid)
  const line = make("li")
  if (one.state === "running") {
    const waits = one.waiting === "" ? "" : `; ${one.waiting}`
    const so_far = one.totalBytes === 0 ? "looking for it" : `${bytes(one.doneBytes)} of ${bytes(one.totalBytes)}`
    line.append(make("span", `${name}: ${so_far}${waits} `),
      make("progress", "", { max: "1", value: String(one.doneBytes / Math.max(1, one.totalBytes)), "aria-label": `Fetch of ${name}` }))
  } else if (one.state === "done") {
    line.append(make("span", `${name} has been fetched.`, { class: "weak" }))
  } else {
    line.append(make("span", `${name}: ${sentence(one.error)} ${one.hint}`, { class: "bad" }))
  }
  return line
}

let running = 0

/** Fetches that go on, and those that have ended. */
export const updateFetches = async () => {
  const { fetches } = await askJson("Looking at the fetches", "/node/fetches")
  refill(element("fetches"), fetches, fetch_line)
  const before = running
  running = fetches.filter((one) => one.state === "running").length
  if (running < before) await update()
}

/** Lets what is missing of a dataset come from other nodes. */
export const fetchDataset = async (cid) => {
  say(`Looking for ${short(cid)}.`)
  const item = await (await ask(`Fetching ${short(cid)}`, `/data/${encodeURIComponent(cid)}/network`, "POST")).json()
  say(`${name_of(item)} is being fetched.`)
  await Promise.all([update(), updateFetches()])
}

export const begin = () => {
  const drop = element("drop")
  const input = element("upload-input")
  input.onchange = () => {
    storeAll(input.files)
    input.value = ""
  }
  // What misses the place is not opened instead of the page.
  for (const kind of ["dragover", "drop"]) addEventListener(kind, (event) => event.preventDefault())
  drop.ondragover = () => drop.classList.add("over")
  drop.ondragleave = () => drop.classList.remove("over")
  drop.ondrop = (event) => {
    drop.classList.remove("over")
    storeAll(event.dataTransfer.files)
  }
  element("fetch-form").onsubmit = (event) => {
    event.preventDefault()
    hideProblem()
    const field = element("fetch-cid")
    fetchDataset(field.value.trim()).then(() => (field.value = ""), show)
  }
}
