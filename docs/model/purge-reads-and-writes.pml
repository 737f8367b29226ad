/* The puts, writes, reads and repairs of purge.pml. */

/* Rule D1, at the replica: what takes another's place is retained as long as that. */
#ifdef WITHOUT_RETENTION_CARRIED_OVER
#define retainedAfter(i, retention) (retention)
#else
#define retainedAfter(i, retention) newer(retention, retained[i])
#endif
inline put(at, version, retention) {
  if
  :: version > held[at] -> retained[at] = retainedAfter(at, retention); held[at] = version
  :: version == held[at] -> retained[at] = newer(retention, retained[at])
  :: else
  fi
}

/* A put of the background: it arrives, arrives later in this tick, or never. */
inline send(at, version, retention) {
  if
  :: true -> put(at, version, retention)
  :: LATE && lateVersion == 0 -> lateVersion = version; lateRetained = retention; lateAt = at
  fi
}

/* What was on its way. A purge takes nothing but the version that it was meant for (rule D6). */
#ifdef WITHOUT_VERSION_AT_THE_PURGE
#define isMeant true
#else
#define isMeant (held[lateAt] == lateVersion)
#endif
inline arrive() {
  if
  :: lateRetained > 0 -> put(lateAt, lateVersion, lateRetained)
  :: lateRetained == 0 && isMeant -> held[lateAt] = 0; retained[lateAt] = 0
  :: else
  fi;
  printf("tick %d: %d arrives late at %d, retained until %d", now, lateVersion, lateAt, lateRetained);
  tellHeld()
}

#define isDue(at) (isListed(at) && held[at] > 0 && isRetired(held[at], retained[at]))
inline sendPurge() {
  if
  :: isDue(0) -> lateAt = 0
  :: isDue(1) -> lateAt = 1
  :: isDue(2) -> lateAt = 2
  fi;
  lateVersion = held[lateAt]
}

byte acks;
byte retaining;

/*
 * G1 and G7 for one answer. A write that failed may have been seen, and have expired or deleted what was before it; and
 * a write that failed may still appear, so only what was acknowledged must stay away.
 */
#define isFailedAndDead(v) (v > newestAcked && v <= writes && isDead(v))
#define isGoneWithFailed (isFailedAndDead(1) || isFailedAndDead(2))
#define G1(v) (v >= newestAcked || isDead(newestAcked) || (v == 0 && isGoneWithFailed))
#define G7(v) (v >= newestAcked || isDead(v) || !isDead(newestAcked) || !isAcked[v])

#ifdef WRITE_ALL
/* One full replica is enough for a read; the others give evidence, or do not answer. */
#define isAnswer(a, b, c, G) (!isFull(a) || (G(held[a]) && G(newer(held[a], told(b))) && G(newer(held[a], told(c)))))
#else
#define newerOf(a, b) newer(held[a], held[b])
#define isAnswer(a, b, c, G) (!isFull(a) || !isFull(b) || (G(newerOf(a, b)) && G(newer(newerOf(a, b), told(c)))))
#endif
#define isEachAnswer(G) (isAnswer(0, 1, 2, G) && isAnswer(1, 2, 0, G) && isAnswer(2, 0, 1, G))

/* Whatever a read would answer now. */
inline check() {
  assert(isLost || isEachAnswer(G1));
  assert(isLost || isEachAnswer(G7))
}

/* One put of a write, and its answer. */
inline ask(at) {
  if
  :: isListed(at) ->
     put(at, writes, retention);
     if
     :: isFull(at) ->
        acks++;
        if
        :: retained[at] > longest -> longest = retained[at]; retaining = 1
        :: retained[at] == longest -> retaining++
        :: else
        fi
     :: true                     /* the answer is lost */
     fi
  :: isListed(at) && LATE && lateVersion == 0 -> lateVersion = writes; lateRetained = retention; lateAt = at
  :: true                        /* the replica is down, cut off or out */
  fi
}

inline write() {
  writes++;
  /* By a clock that is right, or behind; but later than whatever it has seen. */
  if
  :: writtenAt[writes] = now
  :: SKEW && now - SKEW >= writtenAt[writes - 1] -> writtenAt[writes] = now - SKEW
  fi;
  if
  :: retention = FOREVER; diesAt[writes] = FOREVER
  :: writtenAt[writes] + TTL <= END -> retention = writtenAt[writes] + TTL; diesAt[writes] = retention
  :: writes > 1 -> retention = writtenAt[writes]; diesAt[writes] = retention      /* a tombstone */
  fi;
  ask(0); ask(1); ask(2);
#ifndef WITHOUT_RETENTION_AGREED
  /* Rule D1: an older record would outlive this one, so it is put again before it is acknowledged. */
  if
  :: acks >= W && retaining < W ->
     retention = longest;
     acks = 0; retaining = 0; longest = 0;
     ask(0); ask(1); ask(2)
  :: else
  fi;
  acks = (retaining >= W -> acks : 0);
#endif
  printf("tick %d: write %d, of tick %d, dies at %d, %d acks", now, writes, writtenAt[writes], diesAt[writes], acks);
  tellHeld();
  if
  :: acks >= W -> isAcked[writes] = true; newestAcked = writes
  :: else
  fi
}

/* Read repair and hinted handoff: the newest of what was told goes to whoever has something older, or nothing. */
inline repairAt(at) {
  if
  :: isListed(at) && held[at] < winner && (held[at] > 0 || retention > now) -> send(at, winner, retention)
  :: else
  fi
}
inline repair() {
  /* Enough full ones answer, and the others or not. */
  if
#ifdef WRITE_ALL
  :: isFull(0) -> winner = held[0]
  :: isFull(1) -> winner = held[1]
  :: isFull(2) -> winner = held[2]
#endif
  :: isFull(0) && isFull(1) -> winner = newer(held[0], held[1])
  :: isFull(0) && isFull(2) -> winner = newer(held[0], held[2])
  :: isFull(1) && isFull(2) -> winner = newer(held[1], held[2])
  :: canBeRead -> winner = newer(newer(told(0), told(1)), told(2))
  fi;
  retention = (held[0] == winner -> retained[0] : 0);
  retention = newer(retention, (held[1] == winner -> retained[1] : 0));
  retention = newer(retention, (held[2] == winner -> retained[2] : 0));
  if
  :: true -> repairAt(0)
  :: true -> repairAt(1)
  :: true -> repairAt(2)
  fi;
  printf("tick %d: repair with %d", now, winner);
  tellHeld()
}

