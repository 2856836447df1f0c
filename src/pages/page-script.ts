import { pageFile } from './page-file.ts'

/**
 * What the account pages do, for the browser: plain JavaScript that no bundler touches, and no words of its own.
 * Everything it shows stands in the page's templates, and goes in as nodes: nothing that was answered is read as HTML.
 */
export const pageScript = pageFile('/account/page.js', {
  type: 'text/javascript',
  text: `
const form = document.querySelector('form')
const button = form.querySelector('button')
const password = document.getElementById('password')
const shown = document.getElementById('shown')
const problem = document.getElementById('problem')
const outcome = document.getElementById('outcome')
const otherLanguage = document.querySelector('footer a')
let token = null
let busy = false

takeToken()
// A second link that is opened in the same tab loads no page: only the fragment differs.
addEventListener('hashchange', takeToken)
form.addEventListener('submit', submit)
shown?.addEventListener('change', () => { password.type = shown.checked ? 'text' : 'password' })
otherLanguage.addEventListener('click', (event) => {
  if (token === null) return
  event.preventDefault()
  location.replace(otherLanguage.href + '#token=' + encodeURIComponent(token))
})

function takeToken() {
  const found = new URLSearchParams(location.hash.slice(1)).get('token')
  // Out of the address bar and the history, before anybody reads or shares it.
  if (location.hash !== '') history.replaceState(null, '', location.pathname + location.search)
  if (found) token = found
  if (token === null) return end('link_missing')
  outcome.hidden = true
  form.hidden = false
}

async function submit(event) {
  event.preventDefault()
  if (busy) return
  complain('')
  if (password && password.value === '') return complain('password_missing')
  busy = true
  button.setAttribute('aria-disabled', 'true')
  const { code, details } = await post()
  busy = false
  button.removeAttribute('aria-disabled')
  const template = templateOf(code) ?? templateOf('failed')
  if ('ends' in template.dataset) end(code)
  else complain(template.dataset.code, details)
}

async function post() {
  try {
    const response = await fetch(form.dataset.posts, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
      body: JSON.stringify(password ? { token, password: password.value } : { token }),
      credentials: 'omit',
      cache: 'no-store',
      redirect: 'error',
      signal: AbortSignal.timeout(30000),
    })
    if (response.ok) return { code: 'done' }
    if (response.status >= 500) return { code: 'service_unavailable' }
    const { error } = await response.json()
    const { code, details } = error
    return code === 'password_unacceptable' ? { code: 'password_' + details[0].code, details } : error
  } catch {
    return { code: 'unreachable' }
  }
}

function templateOf(code) {
  return [...document.querySelectorAll('template')].find((template) => template.dataset.code === code)
}

function complain(code, details) {
  if (code === '') problem.replaceChildren()
  else problem.replaceChildren(templateOf(code).content.cloneNode(true))
  const number = /\\d+/.exec(details?.[0]?.message ?? '')?.[0]
  if (number !== undefined) problem.textContent = problem.textContent.replace('{n}', number)
  if (password === null) return
  const wrong = code.startsWith('password_')
  password.setAttribute('aria-invalid', String(wrong))
  if (wrong) password.focus()
}

function end(code) {
  if (code !== 'link_missing') token = null
  if (password) password.value = ''
  form.hidden = true
  outcome.replaceChildren(templateOf(code).content.cloneNode(true))
  outcome.hidden = false
  outcome.focus()
}
`,
})
