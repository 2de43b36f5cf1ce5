// SPDX-License-Identifier: Apache-2.0
// Looks at pages through Debian's Chromium as people do: light and dark, wide and narrow.
//   node look.mjs REQUEST.json     {"base": URL, "pages": [PATH], "searches": [WORDS], "pictures": FOLDER}
// Pages without searches are no site with an application: they are looked at on paper as well.
// Prints {"violations": [what axe-core finds], "outside": [URLs asked for elsewhere], "errors": [of scripts],
// "found": {WORDS: [paths that the search offers]}, "sheets": {PATH: whether it was printed}}.
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import puppeteer from 'puppeteer-core'

const request = JSON.parse(readFileSync(process.argv[2], 'utf8'))
const axe = readFileSync(new URL('node_modules/axe-core/axe.min.js', import.meta.url), 'utf8')
const profile = mkdtempSync(join(tmpdir(), 'chromium-'))
const browser = await puppeteer.launch({
  timeout: 180000,  // a busy machine takes its time
  executablePath: '/usr/bin/chromium',
  userDataDir: profile,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync',
    '--disable-background-networking', '--disable-component-update'],
})
const said = { violations: [], outside: [], errors: [], found: {}, sheets: {} }
const tab = await browser.newPage()
tab.on('request', (each) => {
  if (!each.url().startsWith(request.base) && !each.url().startsWith('data:')) said.outside.push(each.url())
})
tab.on('pageerror', (each) => said.errors.push(each.message))
tab.on('console', (each) => each.type() === 'error' && said.errors.push(each.text()))

const prefer = (scheme) => tab.emulateMediaFeatures([
  { name: 'prefers-color-scheme', value: scheme },
  { name: 'prefers-reduced-motion', value: 'reduce' },
])
// A page is loaded once; it follows a reader who changes to dark, or to a narrow window.
const open = async (path) => {
  await prefer('light')
  await tab.setViewport({ width: 1280, height: 900 })
  await tab.goto(request.base + path, { waitUntil: 'load' })
  if (request.searches) await tab.waitForFunction(() => document.querySelector('#app')?.__vue_app__)
  await tab.evaluate(axe)
}
const judge = async (where) => {
  const { violations } = await tab.evaluate(() => axe.run(document, { resultTypes: ['violations'] }))
  for (const { id, impact, nodes } of violations) {
    said.violations.push(`${where}: ${impact} ${id}: ${nodes.map((each) => each.target.join(' ')).slice(0, 3)}`)
  }
}
const name_of = (path) => path.replace(/\.html$/, '').replaceAll('/', '-') || 'index'

mkdirSync(request.pictures, { recursive: true })
for (const path of request.pages) {
  await open(path)
  for (const [scheme, width] of [['light', 1280], ['dark', 1280], ['dark', 390]]) {
    await prefer(scheme)
    await tab.setViewport({ width, height: 900 })
    await judge(`${path || 'index'} (${scheme}, ${width})`)
    await tab.screenshot({ path: join(request.pictures, `${name_of(path)}-${scheme}-${width}.png`) })
  }
}
for (const path of request.searches ? [] : request.pages) {
  const pdf = await tab.pdf({ path: join(request.pictures, `${name_of(path)}.pdf`), format: 'A4', landscape: true })
  said.sheets[path] = pdf.length > 0
}
if (request.searches) {
  await open('')
  await tab.keyboard.press('/')
  await tab.waitForSelector('.VPLocalSearchBox input')
}
for (const scheme of request.searches ? ['light', 'dark'] : []) {
  await prefer(scheme)
  for (const words of request.searches) {
    await tab.$eval('.VPLocalSearchBox input', (input) => { input.value = '' })
    await tab.type('.VPLocalSearchBox input', words)
    await new Promise((done) => setTimeout(done, 400))
    said.found[words] = await tab.$$eval('.VPLocalSearchBox a.result', (links) =>
      links.map((link) => new URL(link.href).pathname))
  }
  await judge(`search (${scheme})`)
  await tab.screenshot({ path: join(request.pictures, `search-${scheme}.png`) })
}
console.log(JSON.stringify(said))
await browser.close()
rmSync(profile, { recursive: true, force: true })
