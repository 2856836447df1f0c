import type { LinkedKind, Words } from '../words.ts'

/** What the mails of faces say whose links come to the gateway itself, and bring a code beside. */
export const englishLinkWords: Readonly<Record<LinkedKind, Words>> = {
  'sign-up': {
    subject: 'Confirm your e-mail address for {{site}}',
    says: [
      'An account on {{site}} was made with this e-mail address. Confirm that the address is yours, by the link or by the code {{code}}',
    ],
    action: 'Confirm this address',
    why: 'You get this mail because somebody typed this address when signing up. The link and the code can be used once, until {{until}}.',
    otherwise: 'If this was not you, do nothing: without the confirmation the address is not used.',
  },
  'magic-link': {
    subject: 'Sign in to {{site}}',
    says: [
      'Sign in to {{site}} by the link, or by the code {{code}}',
      'Tell the code to nobody: we never ask for it.',
    ],
    action: 'Sign in',
    why: 'You get this mail because somebody asked to sign in with this address. The link and the code can be used once, until {{until}}.',
    otherwise: 'If this was not you, do nothing: without the link or the code nobody is signed in.',
  },
  recovery: {
    subject: 'Set a new password for {{site}}',
    says: [
      'The link signs you in to {{site}}, where you can set a new password. So does the code {{code}}',
      'Tell the code to nobody: we never ask for it.',
    ],
    action: 'Set a new password',
    why: 'You get this mail because somebody asked for a new password for this address. The link and the code can be used once, until {{until}}.',
    otherwise: 'If this was not you, do nothing: your password stays as it is.',
  },
  'supabase-invite': {
    subject: 'You are invited to {{site}}',
    says: [
      'An administrator of {{site}} invites you to have an account there. Accept by the link, or by the code {{code}}',
    ],
    action: 'Accept the invitation',
    why: 'You get this mail because an administrator typed this address. The link and the code can be used once, until {{until}}.',
    otherwise: 'If you do not want an account, do nothing.',
  },
  'supabase-email-change': {
    subject: 'Confirm your new e-mail address for {{site}}',
    says: [
      'This address is to become the address of an account on {{site}}. Confirm that it is yours, by the link or by the code {{code}}',
    ],
    action: 'Use this address',
    why: 'You get this mail because the holder of an account typed this address. The link and the code can be used once, until {{until}}.',
    otherwise: 'If this was not you, do nothing: without the confirmation the address is not used.',
  },
  'supabase-email-change-current': {
    subject: 'Confirm the change of the e-mail address of your account on {{site}}',
    says: [
      'The e-mail address of your account on {{site}} is to become {{new_email}}. Confirm that you want this, by the link or by the code {{code}}',
    ],
    action: 'Allow the change',
    why: 'You get this mail because this is the address of your account. The link and the code can be used once, until {{until}}.',
    otherwise:
      'If this was not you, do not confirm it and change your password: somebody else can use your account.',
  },
  reauthentication: {
    subject: 'Your code for {{site}}',
    says: [
      'Your code to confirm a change of your account on {{site}} is {{code}}',
      'It is good until {{until}}. Tell it to nobody: we never ask for it.',
    ],
    action: undefined,
    why: 'You get this mail because somebody who is signed in to your account wants to change it.',
    otherwise:
      'If this was not you, somebody else can use your account: set a new password at once, and end all other sessions.',
  },
}
