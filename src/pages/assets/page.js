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

// Moments in the zone of whoever reads them.
const zoned = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: 'medium', timeStyle: 'short' })
for (const time of all('time[datetime]')) time.textContent = zoned.format(new Date(time.dateTime))

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
for (const button of all('[data-onclick]')) {
  button.hidden = false
  button.addEventListener('click', () => run(button.dataset.onclick, optionsOf(button)))
}
for (const element of all('[data-onload]')) run(element.dataset.onload, optionsOf(element))
