// An application as people write it against Supabase: nothing in here knows of Guichet.
const { url, key, flowType } = await (await fetch('/config.json')).json()
const { auth } = window.supabase.createClient(url, key, { auth: { flowType } })

const at = (id) => document.getElementById(id)
const emailRedirectTo = `${location.origin}/`
const events = []
let factorId

async function show(session) {
  at('events').textContent = events.join(' ')
  at('who').textContent = session === null ? 'nobody' : session.user.email
  at('level').textContent = ''
  if (session === null) return
  const { data } = await auth.mfa.getAuthenticatorAssuranceLevel(session.access_token)
  at('level').textContent = data === null ? '' : `${data.currentLevel} of ${data.nextLevel}`
}

auth.onAuthStateChange((event, session) => {
  events.push(event)
  // Not awaited in the callback: the client waits for it.
  setTimeout(() => show(session))
})

const email = () => at('email').value
const password = () => at('password').value

/** What each button does; it answers what the client answers. */
const deeds = {
  'sign-up': () => auth.signUp({ email: email(), password: password(), options: { emailRedirectTo } }),
  'sign-in': () => auth.signInWithPassword({ email: email(), password: password() }),
  forgot: () => auth.resetPasswordForEmail(email(), { redirectTo: emailRedirectTo }),
  'set-password': () => auth.updateUser({ password: password() }),
  async enrol() {
    const answer = await auth.mfa.enroll({ factorType: 'totp' })
    if (answer.error === null) {
      factorId = answer.data.id
      at('qr').src = answer.data.totp.qr_code
      at('qr').hidden = false
      at('secret').textContent = answer.data.totp.secret
    }
    return answer
  },
  async verify() {
    factorId ??= (await auth.mfa.listFactors()).data.totp[0].id
    const answer = await auth.mfa.challengeAndVerify({ factorId, code: at('code').value })
    await show((await auth.getSession()).data.session)
    return answer
  },
  async look() {
    const answer = await auth.getUser()
    await show((await auth.getSession()).data.session)
    return answer
  },
  'sign-out': () => auth.signOut({ scope: 'local' }),
  'sign-out-everywhere': () => auth.signOut({ scope: 'global' }),
}

for (const [id, deed] of Object.entries(deeds)) {
  at(id).addEventListener('click', async () => {
    at('said').textContent = ''
    const { error } = await deed()
    at('said').textContent = error === null ? `${id}: done` : `${id}: ${error.code ?? error.name}`
  })
}
