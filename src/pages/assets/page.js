// What cannot be done without a script: everything on our pages works when it does not run.

const all = (selector) => document.querySelectorAll(selector)

// Show and hide a password.
for (const button of all('[data-show]')) {
  const field = document.getElementById(button.dataset.show)
  const [show, hide] = [button.textContent, button.dataset.hide]
  button.hidden = false
  button.addEventListener('click', () => {
    const shown = field.type === 'text'
    field.type = shown ? 'password' : 'text'
    button.textContent = shown ? show : hide
    button.setAttribute('aria-pressed', String(!shown))
  })
  // A field that is left as text would be offered again by the browser as something that was typed before.
  field.form?.addEventListener('submit', () => {
    field.type = 'password'
  })
}

// Copy a code.
if (navigator.clipboard) {
  for (const button of all('[data-copy]')) {
    const label = button.textContent
    button.hidden = false
    button.setAttribute('aria-live', 'polite')
    button.addEventListener('click', async () => {
      const from = document.getElementById(button.dataset.copy)
      const lines = [...from.querySelectorAll('code')].map((code) => code.textContent.trim())
      await navigator.clipboard.writeText(lines.join('\n'))
      button.textContent = button.dataset.done
      setTimeout(() => (button.textContent = label), 3000)
    })
  }
}

// Keep codes: as a file, or on paper.
for (const button of all('[data-download]')) {
  button.hidden = false
  button.addEventListener('click', () => {
    const codes = [...document.querySelectorAll(`#${CSS.escape(button.dataset.download)} code`)]
    const text = `${document.title}\n\n${codes.map((code) => code.textContent.trim()).join('\n')}\n`
    const link = document.createElement('a')
    link.href = URL.createObjectURL(new Blob([text], { type: 'text/plain' }))
    link.download = button.dataset.file
    link.click()
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
  })
}
for (const button of all('[data-print]')) {
  button.hidden = false
  button.addEventListener('click', () => window.print())
}

// Moments in the zone of whoever reads them, and as they are written where that person lives.
const { lang } = document.documentElement
const place = navigator.languages.find((tag) => tag.split('-', 1)[0] === lang) ?? lang
const zoned = new Intl.DateTimeFormat(place, { dateStyle: 'medium', timeStyle: 'short' })
const days = new Intl.DateTimeFormat(place, { dateStyle: 'medium' })
for (const time of all('time[datetime]'))
  time.textContent = ('date' in time.dataset ? days : zoned).format(new Date(time.dateTime))

// Another message can be asked for after a while, which counts from when the last one was: not from a wrong code in between.
for (const button of all('[data-wait]')) {
  const key = `sent ${button.form.action}`
  const now = () => new Date().getTime()
  const sentAt = Number(sessionStorage.getItem(key)) || now()
  sessionStorage.setItem(key, String(sentAt))
  const label = button.textContent
  const count = () => {
    const seconds = Math.ceil(button.dataset.wait - (now() - sentAt) / 1000)
    button.disabled = seconds > 0
    button.textContent = seconds > 0 ? `${label} ${button.dataset.again.replace('{seconds}', seconds)}` : label
    if (seconds > 0) setTimeout(count, 1000)
  }
  count()
  button.form.addEventListener('submit', ({ submitter }) => {
    if (submitter === button) sessionStorage.removeItem(key)
  })
}

// Security keys and passkeys: a form names the global function that its own script brings along.
function run(name, argument) {
  const start = () =>
    typeof window[name] === 'function'
      ? (argument === undefined ? window[name]() : window[name](argument), true)
      : false
  if (start()) return
  for (const script of document.scripts) script.addEventListener('load', start, { once: true })
}
function optionsOf(element) {
  try {
    return element.value === '' ? undefined : JSON.parse(element.value)
  } catch {
    return undefined
  }
}

// Why an authenticator did not answer is said beside the button that asked it.
let asking
function say(button, name) {
  const notice = button?.closest('form')?.querySelector('[data-ceremony]')
  if (!notice) return
  const texts = JSON.parse(notice.dataset.ceremony)
  notice.textContent = Object.hasOwn(texts, name) ? texts[name] : texts.other
  notice.hidden = false
}
window.addEventListener('oryWebAuthnError', (event) => {
  event.preventDefault()
  say(asking, event.detail?.error?.name ?? 'other')
})

for (const button of all('[data-onclick]')) {
  button.hidden = false
  button.addEventListener('click', () => {
    asking = button
    for (const notice of all('[data-ceremony]')) notice.hidden = true
    // What would be refused afterwards is asked for before the key is touched.
    const needed = (button.dataset.needs ?? '').split(' ').filter((id) => id !== '')
    if (!needed.every((id) => document.getElementById(id).reportValidity())) return
    if (window.PublicKeyCredential) run(button.dataset.onclick, optionsOf(button))
    else say(button, 'missing')
  })
}
for (const element of all('[data-onload]')) run(element.dataset.onload, optionsOf(element))
