import type { Wording } from './wording.ts'

export const french: Wording = {
  language: 'fr',
  other: { language: 'en', name: 'English' },
  scriptNeeded:
    'Cette page a besoin de JavaScript. Autorisez-le pour cette adresse, puis ouvrez de nouveau le lien du message.',
  password: {
    label: 'Nouveau mot de passe',
    hint: 'Quelques mots que vous seul réuniriez conviennent bien. Chaque caractère compte, les espaces aussi.',
    show: 'Afficher le mot de passe',
  },
  pages: {
    confirm: {
      title: 'Confirmez votre adresse e-mail',
      lead: 'Appuyez sur le bouton pour confirmer que cette adresse est la vôtre.',
      button: 'Confirmer mon adresse',
      done: {
        title: 'Votre adresse est confirmée',
        text: 'Vous pouvez fermer cette page et vous connecter.',
      },
    },
    reset: {
      title: 'Choisissez un nouveau mot de passe',
      lead: 'Une fois enregistré, vous êtes déconnecté partout et vous vous connectez avec le nouveau.',
      button: 'Enregistrer le mot de passe',
      done: {
        title: 'Votre nouveau mot de passe est enregistré',
        text: 'Vous avez été déconnecté partout. Vous pouvez fermer cette page et vous connecter avec le nouveau mot de passe.',
      },
    },
    email: {
      title: 'Confirmez votre nouvelle adresse e-mail',
      lead: 'Appuyez sur le bouton pour utiliser cette adresse désormais. L’ancienne en sera informée.',
      button: 'Utiliser cette adresse',
      done: {
        title: 'Votre adresse a été changée',
        text: 'Désormais, vous vous connectez et recevez nos messages avec la nouvelle adresse.',
      },
    },
    undoEmail: {
      title: 'Annuler le changement d’adresse',
      lead: 'Si ce n’est pas vous qui avez changé l’adresse e-mail de votre compte, appuyez sur le bouton : l’ancienne sera rétablie.',
      button: 'Rétablir mon adresse',
      done: {
        title: 'Votre ancienne adresse est rétablie',
        text: 'La personne qui l’a changée connaît peut-être votre mot de passe. Faites-le réinitialiser maintenant.',
      },
    },
    invite: {
      title: 'Acceptez l’invitation',
      lead: 'Choisissez le mot de passe avec lequel vous vous connecterez.',
      button: 'Créer mon compte',
      done: { title: 'Votre compte est prêt', text: 'Vous pouvez fermer cette page et vous connecter.' },
    },
  },
  outcomes: {
    link_missing: {
      title: 'Il n’y a pas de lien ici',
      text: 'Ouvrez de nouveau le lien du message : cette page l’oublie quand elle est rechargée.',
    },
    invalid_link: {
      title: 'Ce lien n’est plus valable',
      text: 'Il a déjà servi, il a expiré, ou un plus récent l’a remplacé. Demandez un nouveau message.',
    },
  },
  problems: {
    password_missing: 'Saisissez d’abord un mot de passe.',
    password_too_short: 'Ce mot de passe est trop court : il faut au moins {n} caractères.',
    password_too_long: 'Ce mot de passe est trop long : {n} caractères au plus.',
    password_common:
      'Ce mot de passe est l’un des premiers que d’autres essaieraient. Choisissez-en un autre.',
    password_context_word:
      'Ce mot de passe n’est guère plus que votre nom ou votre adresse. Choisissez-en un autre.',
    password_malformed:
      'Ce mot de passe contient un caractère impossible à enregistrer. Choisissez-en un autre.',
    rate_limited: 'Trop d’essais. Attendez quelques minutes, puis réessayez.',
    service_unavailable: 'Cela ne marche pas pour le moment. Rien n’a été changé ; réessayez bientôt.',
    unreachable: 'Le serveur est injoignable. Vérifiez votre connexion, puis réessayez.',
    failed: 'Cela n’a pas marché, et rien n’a été changé. Réessayez, ou demandez un nouveau message.',
  },
}
