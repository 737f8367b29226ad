/** What the command ends with; `--help` and docs/cli.md say the same. */
export const exitCodes = {
  fine: 0,
  unhealthy: 1,
  notUnderstood: 2,
  unreachable: 3,
  ownFault: 70,
  interrupted: 130,
} as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

export const exitCodesHelp = `Exit codes:
  0    fine
  1    replicas differ, or one is not healthy
  2    the command or the configuration is wrong
  3    the quorum was lost, or a replica or source that was needed could not be reached
  70   a fault of this program
  130  interrupted (Ctrl-C)`
