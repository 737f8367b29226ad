import { Command, Option } from 'commander'
import type { CommandContext } from './command-context.ts'
import { type GetFlags, get } from './commands/get.ts'
import { type ImportFlags, importSource } from './commands/import.ts'
import { status } from './commands/status.ts'
import { type SweepFlags, sweep } from './commands/sweep.ts'
import { type VerifyFlags, verify } from './commands/verify.ts'
import type { ExitCode } from './exit-codes.ts'
import { getHelp, importHelp, overview, statusHelp, sweepHelp, verifyHelp } from './help-texts.ts'
import { collect, parseCount, parsePartition, parseSeries } from './parse-flags.ts'
import type { StoreFlags } from './store.ts'

export interface CommonFlags extends StoreFlags {
  readonly json?: boolean
}

/** Opens the store, runs one command over it, and closes it. */
export type WithStore = (flags: CommonFlags, run: (context: CommandContext) => Promise<ExitCode>) => Promise<void>

/** The commands and their options; what they do stands in `commands/`. */
export function newProgram(version: string, withStore: WithStore): Command {
  const program = new Command('keyv-quorum')
    .description('Look at a keyv-quorum store, and mend it.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .showHelpAfterError('`--help` says more.')
    .addHelpText('after', overview)

  const command = (name: string, summary: string, help: string) => {
    const added = program.command(name).summary(summary).description(sentence(summary))
    return withStoreOptions(added).addHelpText('after', help)
  }

  command('status', 'how the replicas stand, and which guarantees hold', statusHelp).action((flags: CommonFlags) =>
    withStore(flags, status),
  )

  command('sweep', 'compare all replicas, and give each what it lacks', sweepHelp)
    .option('--preview', 'write nothing, and tell what would be done')
    .option('--incremental', 'only keys that were written since the last sweep')
    .addOption(partitionOption())
    .addOption(speedOption())
    .action((flags: CommonFlags & SweepFlags) => withStore(flags, (context) => sweep(context, flags)))

  command('get', 'read one value, and see who holds what', getHelp)
    .argument('<key>', 'the key, as the application says it')
    .addOption(namespaceOption())
    .addOption(seriesOption('the series of the Keyv that wrote it: keyv 5 puts the namespace before the key'))
    .option('--explain', 'show what each replica holds')
    .action((key: string, flags: CommonFlags & GetFlags) => withStore(flags, (context) => get(context, key, flags)))

  command('verify', 'compare all replicas, and change nothing', verifyHelp)
    .addOption(new Option('--keys <count>', 'how many differing keys to show').argParser(parseCount).default(10))
    .addOption(partitionOption())
    .addOption(speedOption())
    .action((flags: CommonFlags & VerifyFlags) => withStore(flags, (context) => verify(context, flags)))

  command('import', 'bring the data of a plain Keyv store into this one', importHelp)
    .argument('<source>', 'redis://…, rediss://…, postgres://… or sqlite://…')
    .addOption(namespaceOption())
    .addOption(seriesOption('the series that reads it from now on; default: the one that wrote it'))
    .option('--table <name>', 'the table, of PostgreSQL and SQLite', 'keyv')
    .option('--schema <name>', 'the schema, of PostgreSQL', 'public')
    .action((source: string, flags: CommonFlags & ImportFlags) =>
      withStore(flags, (context) => importSource(context, source, flags)),
    )

  return program
}

function sentence(summary: string): string {
  return `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`
}

function withStoreOptions(command: Command): Command {
  const inGroup = (flags: string, description: string) => new Option(flags, description).helpGroup('The store:')
  return command
    .helpOption('-h, --help', 'print this help')
    .addOption(inGroup('-c, --config <file>', 'the configuration of the application: JSON, YAML, JS or TS'))
    .addOption(
      inGroup('--replica <uri>', 'one replica, in place of --config; repeat it').argParser(collect).default([], 'none'),
    )
    .addOption(inGroup('--r <count>', 'how many replicas must answer a read').argParser(parseCount))
    .addOption(inGroup('--w <count>', 'how many replicas must acknowledge a write').argParser(parseCount))
    .addOption(inGroup('--allow-stale', 'accept an r and a w that do not meet'))
    .option('--json', 'print the result as JSON')
}

function namespaceOption(): Option {
  return new Option('-n, --namespace <name>', 'the namespace of the Keyv; default: none')
}

function seriesOption(description: string): Option {
  return new Option('--keyv <series>', description).argParser(parseSeries)
}

function partitionOption(): Option {
  return new Option('--partition <part>', 'only one of several equal parts, such as 3/16').argParser(parsePartition)
}

function speedOption(): Option {
  return new Option('--keys-per-second <count>', 'the most records to look at in a second').argParser(parseCount)
}
