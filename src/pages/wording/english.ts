import type { Wording } from './wording.ts'

export const english: Wording = {
  language: 'en',
  other: { language: 'fr', name: 'Français' },
  scriptNeeded:
    'This page needs JavaScript. Allow it for this address, then open the link from the mail again.',
  password: {
    label: 'New password',
    hint: 'A few words that only you would put together are good. Every character counts, spaces too.',
    show: 'Show the password',
  },
  pages: {
    confirm: {
      title: 'Confirm your e-mail address',
      lead: 'Press the button to confirm that this address is yours.',
      button: 'Confirm my address',
      done: { title: 'Your address is confirmed', text: 'You can close this page and sign in.' },
    },
    reset: {
      title: 'Choose a new password',
      lead: 'Once it is set, you are signed out everywhere and sign in with the new one.',
      button: 'Set the password',
      done: {
        title: 'Your new password is set',
        text: 'You have been signed out everywhere. You can close this page and sign in with the new password.',
      },
    },
    email: {
      title: 'Confirm your new e-mail address',
      lead: 'Press the button to use this address from now on. Your old one will be told.',
      button: 'Use this address',
      done: {
        title: 'Your address has been changed',
        text: 'From now on you sign in, and get mails, with the new address.',
      },
    },
    undoEmail: {
      title: 'Take back the change of address',
      lead: 'If it was not you who changed the e-mail address of your account, press the button: your old address is put back.',
      button: 'Put my address back',
      done: {
        title: 'Your old address is back',
        text: 'Whoever changed it may know your password. Have it reset now.',
      },
    },
    invite: {
      title: 'Accept the invitation',
      lead: 'Choose the password that you will sign in with.',
      button: 'Create my account',
      done: { title: 'Your account is ready', text: 'You can close this page and sign in.' },
    },
  },
  outcomes: {
    link_missing: {
      title: 'There is no link here',
      text: 'Open the link from the mail again: this page forgets it when it is reloaded.',
    },
    invalid_link: {
      title: 'This link is no longer good',
      text: 'It has been used, has run out, or was replaced by a newer one. Ask for another mail.',
    },
  },
  problems: {
    password_missing: 'Type a password first.',
    password_too_short: 'This password is too short: at least {n} characters are needed.',
    password_too_long: 'This password is too long: at most {n} characters can be used.',
    password_common: 'This password is one of the first that others would guess. Choose another one.',
    password_context_word: 'This password is little more than your own name or address. Choose another one.',
    password_malformed: 'This password holds a character that cannot be stored. Choose another one.',
    rate_limited: 'That was too often. Wait a few minutes, then try again.',
    service_unavailable: 'That does not work right now. Nothing has been changed; try again shortly.',
    unreachable: 'The server could not be reached. Check your connection, then try again.',
    failed: 'That did not work, and nothing has been changed. Try again, or ask for another mail.',
  },
}
