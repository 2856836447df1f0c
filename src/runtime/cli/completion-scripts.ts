/** A place in the command tree and the words that may follow there. */
export interface Place {
  /** The commands that lead there: `guichet keys create`. */
  readonly path: string
  readonly words: readonly { readonly word: string; readonly description: string }[]
}

/** A completion script for each shell. All walk the words before the cursor through the places, options skipped. */
export const completionScripts = { bash, zsh, fish } as const

function bash(places: readonly Place[]): string {
  return `# bash completion for guichet
_guichet() {
  local word at=guichet
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$at $word" in
      ${anyPlace(places)}) at="$at $word" ;;
    esac
  done
  local words=
  case "$at" in
${cases(places, (words) => `words='${words}'`)}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -F _guichet guichet`
}

function zsh(places: readonly Place[]): string {
  return `#compdef guichet
_guichet() {
  local word at=guichet
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$at $word" in
      ${anyPlace(places)}) at="$at $word" ;;
    esac
  done
  case "$at" in
${cases(places, (words) => `compadd -- ${words}`)}
  esac
}
# Called when it is autoloaded, and only registered when it is evaluated.
if [ "$funcstack[1]" = _guichet ]; then _guichet "$@"; else compdef _guichet guichet; fi`
}

function fish(places: readonly Place[]): string {
  const lines = places.flatMap(({ path, words }) =>
    words.map(({ word, description }) => {
      const offer = word.startsWith('--') ? `-l ${word.slice(2)}` : `-a ${word}`
      return `complete -c guichet -n '__guichet_at ${path}' ${offer} -d ${quote(description)}`
    }),
  )
  return `# fish completion for guichet
function __guichet_at
    set -l at guichet
    set -l seen (commandline -opc)
    set -e seen[1]
    for word in $seen
        switch "$at $word"
            case ${subplaces(places).join(' ')}
                set at "$at $word"
        end
    end
    test "$at" = "$argv"
end
complete -c guichet -f
${lines.join('\n')}`
}

function anyPlace(places: readonly Place[]): string {
  return subplaces(places).join(' | ')
}

function subplaces(places: readonly Place[]): readonly string[] {
  return places.filter(({ path }) => path.includes(' ')).map(({ path }) => `'${path}'`)
}

function cases(places: readonly Place[], spell: (words: string) => string): string {
  return places
    .map(({ path, words }) => `    '${path}') ${spell(words.map(({ word }) => word).join(' '))} ;;`)
    .join('\n')
}

/** For fish, where a backslash stands before a quote within quotes. */
function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
