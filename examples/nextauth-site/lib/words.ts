import type { Language } from './language-names'
import type { FieldProblem, ProblemKind } from './problems'

/** Every text of the site, in one language. */
export interface Words {
  readonly site: string
  readonly otherLanguage: { readonly code: Language; readonly name: string }
  readonly skip: string
  readonly home: { readonly title: string; readonly lead: string; readonly open: string }
  readonly signIn: {
    readonly title: string
    readonly lead: string
    readonly button: string
    readonly other: string
  }
  readonly signUp: {
    readonly title: string
    readonly lead: string
    readonly button: string
    readonly other: string
  }
  readonly signOut: {
    readonly title: string
    readonly lead: string
    readonly button: string
    readonly stay: string
  }
  readonly dashboard: {
    readonly title: string
    readonly hello: string
    readonly lead: string
    readonly facts: {
      readonly name: string
      readonly email: string
      readonly username: string
      readonly role: string
      readonly since: string
      readonly id: string
    }
    readonly confirmed: string
    readonly unconfirmed: string
    readonly unreachable: string
  }
  readonly fields: Readonly<Record<FieldName, { readonly label: string; readonly hint?: string }>>
  readonly showPassword: string
  readonly busy: string
  readonly ended: string
  readonly mailed: { readonly title: string; readonly text: string }
  readonly problems: Readonly<Record<ProblemKind, string>>
  readonly fieldProblems: Readonly<Record<FieldProblem['kind'], string>>
}

export type FieldName = 'identifier' | 'name' | 'surname' | 'email' | 'username' | 'password'

const en: Words = {
  site: 'MyTone',
  otherLanguage: { code: 'fr', name: 'Français' },
  skip: 'Skip to the content',
  home: {
    title: 'A quiet place of your own',
    lead: 'An example of a site whose people sign in at Guichet, through NextAuth. Their tokens never reach the page.',
    open: 'Open my space',
  },
  signIn: {
    title: 'Sign in',
    lead: 'Good to see you again.',
    button: 'Sign in',
    other: 'No account yet? Sign up',
  },
  signUp: {
    title: 'Sign up',
    lead: 'A minute, and you are in.',
    button: 'Create my account',
    other: 'An account already? Sign in',
  },
  signOut: {
    title: 'Sign out',
    lead: 'Your session ends here and at Guichet. Other devices stay signed in.',
    button: 'Sign out',
    stay: 'Stay signed in',
  },
  dashboard: {
    title: 'My space',
    hello: 'Hello, {name}',
    lead: 'Only you see this page. It asks Guichet who you are each time that it is opened.',
    facts: {
      name: 'Name',
      email: 'E-mail',
      username: 'User name',
      role: 'Role',
      since: 'Here since',
      id: 'Id',
    },
    confirmed: 'confirmed',
    unconfirmed: 'not confirmed yet',
    unreachable: 'Your account cannot be shown right now. You are still signed in: try again in a moment.',
  },
  fields: {
    identifier: { label: 'E-mail or user name' },
    name: { label: 'First name' },
    surname: { label: 'Last name' },
    email: { label: 'E-mail' },
    username: { label: 'User name', hint: '3 to 32 letters, digits, and . _ - between them' },
    password: { label: 'Password', hint: 'At least 15 characters: a few words will do' },
  },
  showPassword: 'Show the password',
  busy: 'One moment…',
  ended: 'Your session has ended. Sign in to go on.',
  mailed: {
    title: 'Look into your mailbox',
    text: 'A link is on its way to {email}. Follow it, then sign in.',
  },
  problems: {
    wrong: 'These do not go together. Check both and try again.',
    unconfirmed: 'Confirm your address first, by the link in the mail that we sent you.',
    second_factor: 'This account asks for a second factor, which this site cannot ask for.',
    reset_due: 'This password may not be used any more. Ask for a new one.',
    disabled: 'This account is closed. Ask whoever runs this site.',
    closed: 'Nobody can sign up here by themselves.',
    captcha: 'A captcha is asked for, which this site does not show.',
    email_taken: 'This address has an account already. Sign in instead.',
    username_taken: 'Somebody has this user name. Choose another one.',
    fields: 'Some fields need another look.',
    wait: 'Too many attempts. Try again in {seconds} seconds.',
    over: 'Your session has ended. Sign in to go on.',
    unreachable: 'This does not work right now. Try again in a moment.',
  },
  fieldProblems: {
    missing: 'This is needed.',
    too_short: 'At least {min} characters.',
    too_long: 'This is too long.',
    invalid: 'This cannot be used. Try another one.',
  },
}

const fr: Words = {
  site: 'MyTone',
  otherLanguage: { code: 'en', name: 'English' },
  skip: 'Aller au contenu',
  home: {
    title: 'Un endroit calme, à vous',
    lead: 'Un exemple de site où l’on se connecte auprès de Guichet, par NextAuth. Les jetons n’arrivent jamais dans la page.',
    open: 'Ouvrir mon espace',
  },
  signIn: {
    title: 'Se connecter',
    lead: 'Heureux de vous revoir.',
    button: 'Se connecter',
    other: 'Pas encore de compte ? En créer un',
  },
  signUp: {
    title: 'Créer un compte',
    lead: 'Une minute, et vous y êtes.',
    button: 'Créer mon compte',
    other: 'Déjà un compte ? Se connecter',
  },
  signOut: {
    title: 'Se déconnecter',
    lead: 'Votre session prend fin ici et auprès de Guichet. Vos autres appareils restent connectés.',
    button: 'Se déconnecter',
    stay: 'Rester connecté',
  },
  dashboard: {
    title: 'Mon espace',
    hello: 'Bonjour {name}',
    lead: 'Vous seul voyez cette page. À chaque ouverture, elle demande à Guichet qui vous êtes.',
    facts: {
      name: 'Nom',
      email: 'E-mail',
      username: 'Identifiant',
      role: 'Rôle',
      since: 'Inscrit depuis',
      id: 'Id',
    },
    confirmed: 'confirmée',
    unconfirmed: 'pas encore confirmée',
    unreachable:
      'Votre compte ne peut être affiché pour l’instant. Vous restez connecté : réessayez dans un moment.',
  },
  fields: {
    identifier: { label: 'E-mail ou identifiant' },
    name: { label: 'Prénom' },
    surname: { label: 'Nom' },
    email: { label: 'E-mail' },
    username: { label: 'Identifiant', hint: 'De 3 à 32 lettres ou chiffres, avec . _ - entre eux' },
    password: { label: 'Mot de passe', hint: 'Au moins 15 caractères : quelques mots suffisent' },
  },
  showPassword: 'Afficher le mot de passe',
  busy: 'Un instant…',
  ended: 'Votre session a pris fin. Connectez-vous pour continuer.',
  mailed: {
    title: 'Regardez votre messagerie',
    text: 'Un lien part vers {email}. Suivez-le, puis connectez-vous.',
  },
  problems: {
    wrong: 'Ces informations ne correspondent pas. Vérifiez-les et réessayez.',
    unconfirmed: 'Confirmez d’abord votre adresse, par le lien du courriel que vous avez reçu.',
    second_factor: 'Ce compte demande un second facteur, que ce site ne peut pas demander.',
    reset_due: 'Ce mot de passe ne peut plus servir. Demandez-en un nouveau.',
    disabled: 'Ce compte est fermé. Adressez-vous au responsable du site.',
    closed: 'Personne ne peut créer de compte ici soi-même.',
    captcha: 'Un captcha est demandé, que ce site n’affiche pas.',
    email_taken: 'Cette adresse a déjà un compte. Connectez-vous plutôt.',
    username_taken: 'Cet identifiant est déjà pris. Choisissez-en un autre.',
    fields: 'Certains champs sont à revoir.',
    wait: 'Trop de tentatives. Réessayez dans {seconds} secondes.',
    over: 'Votre session a pris fin. Connectez-vous pour continuer.',
    unreachable: 'Cela ne fonctionne pas pour l’instant. Réessayez dans un moment.',
  },
  fieldProblems: {
    missing: 'Ce champ est nécessaire.',
    too_short: 'Au moins {min} caractères.',
    too_long: 'C’est trop long.',
    invalid: 'Ceci ne peut pas être utilisé. Essayez autre chose.',
  },
}

export const words: Readonly<Record<Language, Words>> = { en, fr }
