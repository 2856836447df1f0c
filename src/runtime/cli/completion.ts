import { Argument, type Command } from 'commander'
import { completionScripts, type Place } from './completion-scripts.ts'
import { examples } from './examples.ts'
import { writeLine } from './print.ts'

const shells = Object.keys(completionScripts) as (keyof typeof completionScripts)[]

/** `guichet completion` */
export function addCompletion(program: Command): void {
  program
    .command('completion')
    .description('print a script that completes guichet in your shell')
    .addArgument(new Argument('<shell>', 'the shell').choices(shells))
    .addHelpText(
      'after',
      examples(
        'eval "$(guichet completion bash)"    # in ~/.bashrc',
        'eval "$(guichet completion zsh)"     # in ~/.zshrc, after compinit',
        'guichet completion fish > ~/.config/fish/completions/guichet.fish',
      ),
    )
    .action((shell: keyof typeof completionScripts) => writeLine(completionScripts[shell](placesIn(program))))
}

/** Every place in a command tree, with the words that may follow there. */
function placesIn(command: Command, before: readonly string[] = []): readonly Place[] {
  const help = command.createHelp()
  const path = [...before, command.name()]
  const subcommands = help.visibleCommands(command)
  const options = [...help.visibleOptions(command), ...help.visibleGlobalOptions(command)]
  const place: Place = {
    path: path.join(' '),
    words: [
      ...subcommands.map((sub) => ({ word: sub.name(), description: sub.description() })),
      ...command.registeredArguments.flatMap((argument) =>
        (argument.argChoices ?? []).map((word) => ({ word, description: argument.description })),
      ),
      ...options.map((option) => ({ word: option.long ?? option.flags, description: option.description })),
    ],
  }
  return [place, ...subcommands.flatMap((sub) => placesIn(sub, path))]
}
