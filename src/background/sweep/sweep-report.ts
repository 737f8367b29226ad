export type {
  ReplicaSweepReport,
  SweepCursor,
  SweepKind,
  SweepPartition,
  SweepProgress,
  SweepReport,
} from '../../events/sweep-report.ts'
