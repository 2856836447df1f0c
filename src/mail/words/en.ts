import type { MailKind } from '../../core/accounts/mail.ts'
import type { Words } from '../words.ts'
import { englishLinkWords } from './en-links.ts'

const changedBySomeoneElse =
  'If this was not you, somebody else can use your account: set a new password at once with “Forgot password”, and end all other sessions.'
const securityNotice = 'You get this mail because it concerns the security of your account on {{site}}.'

export const englishWords: Readonly<Record<MailKind, Words>> = {
  'email-confirm': {
    subject: 'Confirm your e-mail address for {{site}}',
    says: ['An account on {{site}} was made with this e-mail address. Confirm that the address is yours.'],
    action: 'Confirm this address',
    why: 'You get this mail because somebody typed this address when signing up. The link can be used until {{until}}.',
    otherwise: 'If this was not you, do nothing: without the confirmation the address is not used.',
  },
  'email-known': {
    subject: 'You already have an account on {{site}}',
    says: [
      'Somebody wanted to use your e-mail address for an account on {{site}}. You already have an account there, and nothing about it has changed.',
      'If you have forgotten your password, ask for a new one with “Forgot password”.',
    ],
    action: undefined,
    why: 'You get this mail because this is the address of your account.',
    otherwise:
      'If this was not you, there is nothing to do: whoever tried was not told that you have an account.',
  },
  'password-reset': {
    subject: 'Set a new password for {{site}}',
    says: ['You can set a new password for your account on {{site}}. All your sessions end when you do.'],
    action: 'Set a new password',
    why: 'You get this mail because somebody asked for a new password for this address. The link can be used once, until {{until}}.',
    otherwise: 'If this was not you, do nothing: your password stays as it is.',
  },
  'password-reset-required': {
    subject: 'Please set a new password for {{site}}',
    says: [
      'An administrator of {{site}} asks you to set a new password. Until you have, you cannot sign in.',
    ],
    action: 'Set a new password',
    why: 'You get this mail because you have an account on {{site}}. The link can be used once, until {{until}}.',
    otherwise:
      'If you did not expect this, ask the administrators of {{site}} about it before you use the link.',
  },
  'password-changed': {
    subject: 'Your password for {{site}} was changed',
    says: ['The password of your account was changed on {{at}}.'],
    action: undefined,
    why: securityNotice,
    otherwise: changedBySomeoneElse,
  },
  'email-change': {
    subject: 'Confirm your new e-mail address for {{site}}',
    says: ['This address is to become the address of an account on {{site}}. Confirm that it is yours.'],
    action: 'Use this address',
    why: 'You get this mail because the holder of an account typed this address. The link can be used once, until {{until}}.',
    otherwise: 'If this was not you, do nothing: without the confirmation the address is not used.',
  },
  'email-change-asked': {
    subject: 'Somebody wants to change the e-mail address of your account on {{site}}',
    says: [
      'On {{at}} a change of the e-mail address of your account on {{site}} to {{new_email}} was asked for. Nothing has changed so far: it takes a confirmation from the new address.',
    ],
    action: undefined,
    why: 'You get this mail because this is the address of your account.',
    otherwise:
      'If this was not you, change your password now: whoever asked for it knows the one that you have.',
  },
  'email-changed': {
    subject: 'The e-mail address of your account on {{site}} was changed',
    says: [
      'Your account on {{site}} now has the e-mail address {{new_email}}. This mail is the last to the old one.',
      'If you did not want this, you can undo it.',
    ],
    action: 'Undo the change',
    why: 'You get this mail because this was the address of your account. The link can be used once, until {{until}}.',
    otherwise:
      'If this was not you, undo the change and set a new password: somebody else can use your account.',
  },
  'email-change-undone': {
    subject: 'This is no longer the e-mail address of an account on {{site}}',
    says: [
      'The change that made this the address of an account on {{site}} was undone on {{at}}, from the address that it had before.',
    ],
    action: undefined,
    why: 'You get this mail because this was the address of the account.',
    otherwise: 'If you are the holder of the account, reset its password from the address that it has again.',
  },
  'new-device': {
    subject: 'A new device signed in to {{site}}',
    says: [
      'Your account was signed in to from a device or place that we had not seen before.',
      '{{device}}, {{at}}, address {{address}}.',
    ],
    action: undefined,
    why: securityNotice,
    otherwise: changedBySomeoneElse,
  },
  'sign-in-code': {
    subject: 'Your code for {{site}}',
    says: [
      'Your code to sign in to {{site}} is {{code}}',
      'It is good until {{until}}. Tell it to nobody: we never ask for it.',
    ],
    action: undefined,
    why: 'You get this mail because somebody gave your password and is asked for this code.',
    otherwise: 'If this was not you, somebody knows your password: set a new one at once.',
  },
  'factor-code': {
    subject: 'Your code for {{site}}',
    says: [
      'Your code to use this address as a second factor on {{site}} is {{code}}',
      'It is good until {{until}}. Tell it to nobody: we never ask for it.',
    ],
    action: undefined,
    why: 'You get this mail because codes by e-mail are being set up for your account.',
    otherwise: changedBySomeoneElse,
  },
  'factor-added': {
    subject: 'A second factor was added to your account on {{site}}',
    says: ['A second factor, {{factor}}, was added to your account on {{at}}.'],
    action: undefined,
    why: securityNotice,
    otherwise: changedBySomeoneElse,
  },
  'factor-removed': {
    subject: 'A second factor was removed from your account on {{site}}',
    says: ['A second factor, {{factor}}, was removed from your account on {{at}}.'],
    action: undefined,
    why: securityNotice,
    otherwise: changedBySomeoneElse,
  },
  'recovery-codes-made': {
    subject: 'New recovery codes for your account on {{site}}',
    says: ['New recovery codes were made for your account on {{at}}. The older ones no longer work.'],
    action: undefined,
    why: securityNotice,
    otherwise: changedBySomeoneElse,
  },
  'recovery-code-used': {
    subject: 'A recovery code was used on {{site}}',
    says: [
      'Your account was signed in to with a recovery code on {{at}}.',
      'Codes that are left: {{codes_left}}.',
    ],
    action: undefined,
    why: securityNotice,
    otherwise: changedBySomeoneElse,
  },
  invite: {
    subject: 'You are invited to {{site}}',
    says: ['An administrator of {{site}} invites you to have an account there.'],
    action: 'Accept the invitation',
    why: 'You get this mail because an administrator typed this address. The link can be used once, until {{until}}.',
    otherwise: 'If you do not want an account, do nothing.',
  },
  'account-deleted': {
    subject: 'Your account on {{site}} was deleted',
    says: [
      'Your account on {{site}} was deleted. All its sessions have ended.',
      'Until {{restorable_until}} an administrator can restore it; then your data is erased for good.',
    ],
    action: undefined,
    why: 'You get this mail because this was the address of the account.',
    otherwise: 'If this was not you, ask the administrators of {{site}} at once to restore it.',
  },
  'account-restored': {
    subject: 'Your account on {{site}} was restored',
    says: ['An administrator of {{site}} restored your account. You can sign in again.'],
    action: undefined,
    why: 'You get this mail because this is the address of the account.',
    otherwise:
      'If you did not ask for this, you can delete the account again, or ask the administrators about it.',
  },
  ...englishLinkWords,
}
