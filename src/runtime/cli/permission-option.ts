import { Option } from 'commander'

/** `--permission`, given once for each. Not variadic: that would swallow the argument that follows. */
export function permissionOption(description: string): Option {
  return new Option('--permission <permission>', `${description}; may be repeated`).argParser(
    (permission: string, before: readonly string[] | undefined) => [...(before ?? []), permission],
  )
}
