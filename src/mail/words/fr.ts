import type { MailKind } from '../../core/accounts/mail.ts'
import type { Words } from '../words.ts'
import { frenchLinkWords } from './fr-links.ts'

const changedBySomeoneElse =
  'Si ce n’était pas vous, quelqu’un d’autre peut utiliser votre compte : choisissez tout de suite un nouveau mot de passe avec « Mot de passe oublié » et fermez toutes les autres sessions.'
const securityNotice =
  'Vous recevez ce message parce qu’il concerne la sécurité de votre compte sur {{site}}.'

export const frenchWords: Readonly<Record<MailKind, Words>> = {
  'email-confirm': {
    subject: 'Confirmez votre adresse e-mail pour {{site}}',
    says: [
      'Un compte a été créé sur {{site}} avec cette adresse e-mail. Confirmez que cette adresse est la vôtre.',
    ],
    action: 'Confirmer cette adresse',
    why: 'Vous recevez ce message parce que quelqu’un a saisi cette adresse lors d’une inscription. Le lien peut être utilisé jusqu’au {{until}}.',
    otherwise: 'Si ce n’était pas vous, ne faites rien : sans confirmation, l’adresse n’est pas utilisée.',
  },
  'email-known': {
    subject: 'Vous avez déjà un compte sur {{site}}',
    says: [
      'Quelqu’un a voulu utiliser votre adresse e-mail pour un compte sur {{site}}. Vous y avez déjà un compte, et rien n’y a changé.',
      'Si vous avez oublié votre mot de passe, demandez-en un nouveau avec « Mot de passe oublié ».',
    ],
    action: undefined,
    why: 'Vous recevez ce message parce que cette adresse est celle de votre compte.',
    otherwise:
      'Si ce n’était pas vous, il n’y a rien à faire : la personne n’a pas appris que vous avez un compte.',
  },
  'password-reset': {
    subject: 'Choisissez un nouveau mot de passe pour {{site}}',
    says: [
      'Vous pouvez choisir un nouveau mot de passe pour votre compte sur {{site}}. Toutes vos sessions seront alors fermées.',
    ],
    action: 'Choisir un nouveau mot de passe',
    why: 'Vous recevez ce message parce que quelqu’un a demandé un nouveau mot de passe pour cette adresse. Le lien peut être utilisé une fois, jusqu’au {{until}}.',
    otherwise: 'Si ce n’était pas vous, ne faites rien : votre mot de passe reste le même.',
  },
  'password-reset-required': {
    subject: 'Veuillez choisir un nouveau mot de passe pour {{site}}',
    says: [
      'Un administrateur de {{site}} vous demande de choisir un nouveau mot de passe. D’ici là, vous ne pouvez pas vous connecter.',
    ],
    action: 'Choisir un nouveau mot de passe',
    why: 'Vous recevez ce message parce que vous avez un compte sur {{site}}. Le lien peut être utilisé une fois, jusqu’au {{until}}.',
    otherwise:
      'Si vous ne vous y attendiez pas, interrogez les administrateurs de {{site}} avant d’utiliser le lien.',
  },
  'password-changed': {
    subject: 'Votre mot de passe pour {{site}} a été modifié',
    says: ['Le mot de passe de votre compte a été modifié le {{at}}.'],
    action: undefined,
    why: securityNotice,
    otherwise: changedBySomeoneElse,
  },
  'email-change': {
    subject: 'Confirmez votre nouvelle adresse e-mail pour {{site}}',
    says: ['Cette adresse doit devenir celle d’un compte sur {{site}}. Confirmez qu’elle est la vôtre.'],
    action: 'Utiliser cette adresse',
    why: 'Vous recevez ce message parce que le titulaire d’un compte a saisi cette adresse. Le lien peut être utilisé une fois, jusqu’au {{until}}.',
    otherwise: 'Si ce n’était pas vous, ne faites rien : sans confirmation, l’adresse n’est pas utilisée.',
  },
  'email-change-asked': {
    subject: 'Demande de changement de l’adresse e-mail de votre compte sur {{site}}',
    says: [
      'Le {{at}}, il a été demandé que l’adresse e-mail de votre compte sur {{site}} devienne {{new_email}}. Rien n’a changé pour l’instant : il faut une confirmation depuis la nouvelle adresse.',
    ],
    action: undefined,
    why: 'Vous recevez ce message parce que cette adresse est celle de votre compte.',
    otherwise:
      'Si ce n’était pas vous, changez votre mot de passe maintenant : la personne qui l’a demandé connaît l’actuel.',
  },
  'email-changed': {
    subject: 'L’adresse e-mail de votre compte sur {{site}} a été modifiée',
    says: [
      'Votre compte sur {{site}} a désormais l’adresse e-mail {{new_email}}. Ce message est le dernier envoyé à l’ancienne.',
      'Si vous ne le vouliez pas, vous pouvez annuler ce changement.',
    ],
    action: 'Annuler le changement',
    why: 'Vous recevez ce message parce que cette adresse était celle de votre compte. Le lien peut être utilisé une fois, jusqu’au {{until}}.',
    otherwise:
      'Si ce n’était pas vous, annulez le changement et choisissez un nouveau mot de passe : quelqu’un d’autre peut utiliser votre compte.',
  },
  'email-change-undone': {
    subject: 'Cette adresse n’est plus celle d’un compte sur {{site}}',
    says: [
      'Le changement qui avait fait de cette adresse celle d’un compte sur {{site}} a été annulé le {{at}}, depuis l’adresse précédente.',
    ],
    action: undefined,
    why: 'Vous recevez ce message parce que cette adresse était celle du compte.',
    otherwise:
      'Si vous êtes titulaire du compte, réinitialisez son mot de passe depuis l’adresse qu’il a retrouvée.',
  },
  'new-device': {
    subject: 'Connexion d’un nouvel appareil à {{site}}',
    says: [
      'Quelqu’un s’est connecté à votre compte depuis un appareil ou un lieu que nous ne connaissions pas.',
      '{{device}}, {{at}}, adresse {{address}}.',
    ],
    action: undefined,
    why: securityNotice,
    otherwise: changedBySomeoneElse,
  },
  'sign-in-code': {
    subject: 'Votre code pour {{site}}',
    says: [
      'Votre code de connexion à {{site}} est {{code}}',
      'Il est valable jusqu’au {{until}}. Ne le dites à personne : nous ne le demandons jamais.',
    ],
    action: undefined,
    why: 'Vous recevez ce message parce que quelqu’un a donné votre mot de passe et doit maintenant donner ce code.',
    otherwise:
      'Si ce n’était pas vous, quelqu’un connaît votre mot de passe : choisissez-en tout de suite un nouveau.',
  },
  'factor-code': {
    subject: 'Votre code pour {{site}}',
    says: [
      'Votre code pour utiliser cette adresse comme second facteur sur {{site}} est {{code}}',
      'Il est valable jusqu’au {{until}}. Ne le dites à personne : nous ne le demandons jamais.',
    ],
    action: undefined,
    why: 'Vous recevez ce message parce que l’envoi de codes par e-mail est en train d’être activé pour votre compte.',
    otherwise: changedBySomeoneElse,
  },
  'factor-added': {
    subject: 'Un second facteur a été ajouté à votre compte sur {{site}}',
    says: ['Un second facteur, {{factor}}, a été ajouté à votre compte le {{at}}.'],
    action: undefined,
    why: securityNotice,
    otherwise: changedBySomeoneElse,
  },
  'factor-removed': {
    subject: 'Un second facteur a été retiré de votre compte sur {{site}}',
    says: ['Un second facteur, {{factor}}, a été retiré de votre compte le {{at}}.'],
    action: undefined,
    why: securityNotice,
    otherwise: changedBySomeoneElse,
  },
  'recovery-codes-made': {
    subject: 'Nouveaux codes de secours pour votre compte sur {{site}}',
    says: [
      'De nouveaux codes de secours ont été créés pour votre compte le {{at}}. Les anciens ne fonctionnent plus.',
    ],
    action: undefined,
    why: securityNotice,
    otherwise: changedBySomeoneElse,
  },
  'recovery-code-used': {
    subject: 'Un code de secours a été utilisé sur {{site}}',
    says: [
      'Quelqu’un s’est connecté à votre compte avec un code de secours le {{at}}.',
      'Codes restants : {{codes_left}}.',
    ],
    action: undefined,
    why: securityNotice,
    otherwise: changedBySomeoneElse,
  },
  invite: {
    subject: 'Vous êtes invité à rejoindre {{site}}',
    says: ['Un administrateur de {{site}} vous invite à y avoir un compte.'],
    action: 'Accepter l’invitation',
    why: 'Vous recevez ce message parce qu’un administrateur a saisi cette adresse. Le lien peut être utilisé une fois, jusqu’au {{until}}.',
    otherwise: 'Si vous ne voulez pas de compte, ne faites rien.',
  },
  'account-deleted': {
    subject: 'Votre compte sur {{site}} a été supprimé',
    says: [
      'Votre compte sur {{site}} a été supprimé. Toutes ses sessions sont fermées.',
      'Jusqu’au {{restorable_until}}, un administrateur peut le rétablir ; ensuite, vos données sont effacées définitivement.',
    ],
    action: undefined,
    why: 'Vous recevez ce message parce que cette adresse était celle du compte.',
    otherwise:
      'Si ce n’était pas vous, demandez tout de suite aux administrateurs de {{site}} de le rétablir.',
  },
  'account-restored': {
    subject: 'Votre compte sur {{site}} a été rétabli',
    says: ['Un administrateur de {{site}} a rétabli votre compte. Vous pouvez de nouveau vous connecter.'],
    action: undefined,
    why: 'Vous recevez ce message parce que cette adresse est celle du compte.',
    otherwise:
      'Si vous ne l’avez pas demandé, vous pouvez supprimer de nouveau le compte ou interroger les administrateurs.',
  },
  ...frenchLinkWords,
}
