import type { PasswordProblem } from '../../core/accounts/password-rules.ts'

export type AccountPageName = 'confirm' | 'reset' | 'email' | 'undoEmail' | 'invite'

/** How the account pages speak, in one language. */
export interface Wording {
  /** The language as HTML names it. */
  readonly language: string
  /** The other one that there is, by its own name. */
  readonly other: { readonly language: string; readonly name: string }
  readonly scriptNeeded: string
  readonly password: { readonly label: string; readonly hint: string; readonly show: string }
  readonly pages: Readonly<Record<AccountPageName, PageWords>>
  /** What ends a page: the API's code for a link that is no good, and the lack of one. */
  readonly outcomes: Readonly<Record<'link_missing' | 'invalid_link', Outcome>>
  /**
   * What leaves the button to be pressed again, by the code that the API refuses with; of a password that cannot be
   * chosen by the code in the details. `failed` for every other one. `{n}` stands for the number in the details.
   */
  readonly problems: Readonly<Record<ProblemCode, string>>
}

export interface PageWords {
  readonly title: string
  readonly lead: string
  readonly button: string
  readonly done: Outcome
}

interface Outcome {
  readonly title: string
  readonly text: string
}

type ProblemCode =
  | 'password_missing'
  | `password_${PasswordProblem['rule']}`
  | 'rate_limited'
  | 'service_unavailable'
  /** The gateway could not be reached at all. */
  | 'unreachable'
  | 'failed'
