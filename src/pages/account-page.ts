import { html } from 'hono/html'
import type { GatewayContext } from '../http/gateway-env.ts'
import type { PagePlace } from '../http/page.ts'
import { reply } from '../http/reply.ts'
import { wordingFor } from './page-language.ts'
import { pageScript } from './page-script.ts'
import { pageStyle } from './page-style.ts'
import type { AccountPageName, PageWords, Wording } from './wording/wording.ts'

export type { AccountPageName }

interface AccountPage {
  readonly name: AccountPageName
  /** Where the button POSTs, below the face. */
  readonly posts: string
  readonly asksPassword: boolean
}

/** Nothing but our own script and style, and no connection but to ourselves. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

/**
 * A page that a mail links to. It is the same for everybody: the token of the link stands in the URL's fragment, which
 * no browser sends, and only the button sends it on. So a scanner that opens links uses none up.
 */
export async function accountPage(
  c: GatewayContext,
  { basePath, facePath }: PagePlace,
  { name, posts, asksPassword }: AccountPage,
): Promise<Response> {
  const wording = wordingFor(c)
  const words = wording.pages[name]
  const [script, style] = await Promise.all([pageScript.url(basePath), pageStyle.url(basePath)])
  const { host } = new URL(c.env.service.policy.issuer)
  const body = await html`<!doctype html>
<html lang="${wording.language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="robots" content="noindex">
<meta name="color-scheme" content="light dark">
<title>${words.title} – ${host}</title>
<link rel="stylesheet" href="${style}">
<script type="module" src="${script}"></script>
</head>
<body>
<header>${host}</header>
<main>
<h1>${words.title}</h1>
<noscript><p>${wording.scriptNeeded}</p></noscript>
<form method="post" data-posts="${facePath + posts}" hidden>
<p>${words.lead}</p>
${asksPassword ? passwordField(wording) : ''}
<p id="problem" role="alert"></p>
<button>${words.button}</button>
</form>
<section id="outcome" tabindex="-1" hidden></section>
${said(wording, words)}
</main>
<footer><a href="?lang=${wording.other.language}" hreflang="${wording.other.language}" lang="${wording.other.language}">${wording.other.name}</a></footer>
</body>
</html>`
  return reply(c, String(body), {
    status: 200,
    headers: {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy': POLICY,
      'Content-Language': wording.language,
      Vary: 'Accept-Language',
    },
  })
}

function passwordField({ password }: Wording) {
  return html`<label for="password">${password.label}</label>
<input id="password" name="password" type="password" autocomplete="new-password" autocapitalize="none" spellcheck="false" required aria-describedby="hint problem">
<p id="hint">${password.hint}</p>
<label class="choice"><input id="shown" type="checkbox"> ${password.show}</label>`
}

/** All that the script can have to say, by the API's error codes: so it holds no words, and no language. */
function said({ outcomes, problems }: Wording, words: PageWords) {
  const ends = { ...outcomes, done: words.done }
  return html`${Object.entries(ends).map(
    ([
      code,
      { title, text },
    ]) => html`<template data-code="${code}" data-ends><h2>${title}</h2><p>${text}</p></template>
`,
  )}${Object.entries(problems).map(
    ([code, text]) => html`<template data-code="${code}">${text}</template>
`,
  )}`
}
