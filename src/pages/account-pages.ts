import type { Page } from '../http/page.ts'
import { type AccountPageName, accountPage } from './account-page.ts'
import { pageScript } from './page-script.ts'
import { pageStyle } from './page-style.ts'

/** What a page does when its button is pressed: where it POSTs the token, below the face, and what with it. */
const pages = {
  '/account/confirm': { name: 'confirm', posts: '/auth/email/confirm', asksPassword: false },
  '/account/reset': { name: 'reset', posts: '/auth/password/reset', asksPassword: true },
  '/account/email': { name: 'email', posts: '/auth/email/change/confirm', asksPassword: false },
  '/account/undo-email': { name: 'undoEmail', posts: '/auth/email/change/undo', asksPassword: false },
  '/account/invite': { name: 'invite', posts: '/auth/invite/accept', asksPassword: true },
} as const satisfies Record<string, { name: AccountPageName; posts: string; asksPassword: boolean }>

/** The pages that mails link to, with the script and the style that they load. */
export const accountPages: readonly Page[] = [
  ...Object.entries(pages).map(
    ([path, page]): Page => ({ path, answer: (c, place) => accountPage(c, place, page) }),
  ),
  pageScript,
  pageStyle,
]
