import type { Actor } from '../../src/core/caller.ts'
import type { Result } from '../../src/core/result.ts'
import type { Service } from '../../src/core/service.ts'

type Deed = () => Promise<{ readonly target: string }>

/** One deed for each kind of event that administrators cause, done in the call `it`; answers what it was done to. */
export function administrationDeeds(
  service: () => Service,
  by: (requestId: string) => Actor,
): Readonly<Record<string, Deed>> {
  const value = <T>(result: Result<T, unknown>): T => {
    if (!result.ok) throw new Error(`Refused: ${JSON.stringify(result.failure)}`)
    return result.value
  }
  const aRole = async (requestId: string) => {
    const name = `r${crypto.randomUUID()}`
    const wanted = { name, permissions: ['a:b'], secondFactorRequired: false }
    return value(await service().createRole(by(requestId), wanted)).id
  }
  const aUser = async (requestId: string, password?: string) => {
    const added = { ...newcomer(), role: undefined, password, emailConfirmed: true }
    return value(await service().addUser(by(requestId), added)).user.id
  }
  type Act = (actor: Actor, id: string) => Promise<Result<unknown, unknown>>
  const act =
    (deed: () => Act, before?: () => Act): Deed =>
    async () => {
      const target = await aUser('setup', 'a password of fifteen or more')
      if (before !== undefined) value(await before()(by('setup'), target))
      value(await deed()(by('it'), target))
      return { target }
    }
  return {
    'role.create': async () => ({ target: await aRole('it') }),
    async 'role.update'() {
      const target = await aRole('setup')
      value(await service().updateRole(by('it'), { id: target, update: { permissions: [] } }))
      return { target }
    },
    async 'role.delete'() {
      const target = await aRole('setup')
      value(await service().deleteRole(by('it'), target))
      return { target }
    },
    'user.create': async () => ({ target: await aUser('it') }),
    async 'user.invite'() {
      const invited = await service().inviteUser(by('it'), { ...newcomer(), role: undefined })
      return { target: value(invited).user.id }
    },
    async 'user.update'() {
      const target = await aUser('setup')
      const update = { profile: { name: 'Ada' }, role: undefined }
      value(await service().updateUser(by('it'), { id: target, update }))
      return { target }
    },
    async 'user.link'() {
      const { email } = newcomer()
      const unsaid = { password: undefined, userMetadata: undefined, locale: undefined }
      const order = { purpose: 'sign-up', email, ...unsaid } as const
      const made = await service().mintUserLink(by('it'), { ...order, redirectTo: 'https://site.test' })
      return { target: value(made).user.id }
    },
    'user.disable': act(() => service().disableUser),
    'user.enable': act(
      () => service().enableUser,
      () => service().disableUser,
    ),
    'user.delete': act(() => service().deleteUser),
    'user.restore': act(
      () => service().restoreUser,
      () => service().deleteUser,
    ),
    'user.force-password-reset': act(() => service().forcePasswordReset),
    'user.end-sessions': act(() => service().endUserSessions),
    'user.clear-factors': act(() => service().clearUserFactors),
  }
}

/** Somebody who says of themselves no more than they must. */
export const newcomer = () => ({
  email: `${crypto.randomUUID()}@example.com`,
  username: undefined,
  name: undefined,
  surname: undefined,
  phone: undefined,
  locale: undefined,
  avatarUrl: undefined,
  metadata: {},
})
