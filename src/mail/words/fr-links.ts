import type { LinkedKind, Words } from '../words.ts'

/** What the mails of faces say whose links come to the gateway itself, and bring a code beside. */
export const frenchLinkWords: Readonly<Record<LinkedKind, Words>> = {
  'sign-up': {
    subject: 'Confirmez votre adresse e-mail pour {{site}}',
    says: [
      'Un compte a été créé sur {{site}} avec cette adresse e-mail. Confirmez que cette adresse est la vôtre, par le lien ou par le code {{code}}',
    ],
    action: 'Confirmer cette adresse',
    why: 'Vous recevez ce message parce que quelqu’un a saisi cette adresse lors d’une inscription. Le lien et le code peuvent être utilisés une fois, jusqu’au {{until}}.',
    otherwise: 'Si ce n’était pas vous, ne faites rien : sans confirmation, l’adresse n’est pas utilisée.',
  },
  'magic-link': {
    subject: 'Connectez-vous à {{site}}',
    says: [
      'Connectez-vous à {{site}} par le lien, ou par le code {{code}}',
      'Ne dites ce code à personne : nous ne le demandons jamais.',
    ],
    action: 'Se connecter',
    why: 'Vous recevez ce message parce que quelqu’un a demandé à se connecter avec cette adresse. Le lien et le code peuvent être utilisés une fois, jusqu’au {{until}}.',
    otherwise: 'Si ce n’était pas vous, ne faites rien : sans le lien ou le code, personne n’est connecté.',
  },
  recovery: {
    subject: 'Choisissez un nouveau mot de passe pour {{site}}',
    says: [
      'Le lien vous connecte à {{site}}, où vous pouvez choisir un nouveau mot de passe. Il en va de même du code {{code}}',
      'Ne dites ce code à personne : nous ne le demandons jamais.',
    ],
    action: 'Choisir un nouveau mot de passe',
    why: 'Vous recevez ce message parce que quelqu’un a demandé un nouveau mot de passe pour cette adresse. Le lien et le code peuvent être utilisés une fois, jusqu’au {{until}}.',
    otherwise: 'Si ce n’était pas vous, ne faites rien : votre mot de passe reste le même.',
  },
  'supabase-invite': {
    subject: 'Vous êtes invité à rejoindre {{site}}',
    says: [
      'Un administrateur de {{site}} vous invite à y avoir un compte. Acceptez par le lien, ou par le code {{code}}',
    ],
    action: 'Accepter l’invitation',
    why: 'Vous recevez ce message parce qu’un administrateur a saisi cette adresse. Le lien et le code peuvent être utilisés une fois, jusqu’au {{until}}.',
    otherwise: 'Si vous ne voulez pas de compte, ne faites rien.',
  },
  'supabase-email-change': {
    subject: 'Confirmez votre nouvelle adresse e-mail pour {{site}}',
    says: [
      'Cette adresse doit devenir celle d’un compte sur {{site}}. Confirmez qu’elle est la vôtre, par le lien ou par le code {{code}}',
    ],
    action: 'Utiliser cette adresse',
    why: 'Vous recevez ce message parce que le titulaire d’un compte a saisi cette adresse. Le lien et le code peuvent être utilisés une fois, jusqu’au {{until}}.',
    otherwise: 'Si ce n’était pas vous, ne faites rien : sans confirmation, l’adresse n’est pas utilisée.',
  },
  'supabase-email-change-current': {
    subject: 'Confirmez le changement d’adresse e-mail de votre compte sur {{site}}',
    says: [
      'L’adresse e-mail de votre compte sur {{site}} doit devenir {{new_email}}. Confirmez que vous le voulez, par le lien ou par le code {{code}}',
    ],
    action: 'Autoriser le changement',
    why: 'Vous recevez ce message parce que cette adresse est celle de votre compte. Le lien et le code peuvent être utilisés une fois, jusqu’au {{until}}.',
    otherwise:
      'Si ce n’était pas vous, ne confirmez pas et changez votre mot de passe : quelqu’un d’autre peut utiliser votre compte.',
  },
  reauthentication: {
    subject: 'Votre code pour {{site}}',
    says: [
      'Votre code pour confirmer une modification de votre compte sur {{site}} est {{code}}',
      'Il est valable jusqu’au {{until}}. Ne le dites à personne : nous ne le demandons jamais.',
    ],
    action: undefined,
    why: 'Vous recevez ce message parce que quelqu’un qui est connecté à votre compte veut le modifier.',
    otherwise:
      'Si ce n’était pas vous, quelqu’un d’autre peut utiliser votre compte : choisissez tout de suite un nouveau mot de passe et fermez toutes les autres sessions.',
  },
}
