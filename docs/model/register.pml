/*
 * Reads and writes of one key while replicas fail and messages are lost, late or reordered: G1, G2 and G3.
 *
 * Three replicas, r = w = 2; two writers whose clocks know nothing of each other, a reader. A macro WITHOUT_... leaves
 * one rule out; see README.md.
 */
#define N 3
#ifdef WITHOUT_WRITE_QUORUM
#define W 1
#else
#define W 2
#endif
#ifdef WITHOUT_READ_QUORUM
#define R 1
#else
#define R 2
#endif
#define SEARCH (N - 2 + 1)
#ifndef LATE
#define LATE 1
#endif
#ifndef WRITERS
#define WRITERS 2
#endif
#ifndef READS
#define READS 2
#endif
#define ATTEMPTS 2

/* A version is a clock reading and the writer's number, so that none occurs twice. */
#define versionOf(clock, id) (2 * (clock) + (id))
#define clockOf(version) ((version) / 2)

byte held[N];
/* A put that arrives whenever it likes. */
byte lateVersion;
byte lateAt;
byte newestAcked;
byte newestRead;

#ifdef WITHOUT_QUORUM_OF_HOLDERS
#define HOLDERS 1
#else
#define HOLDERS 2
#endif

/* Atomic at the replica. */
#ifdef WITHOUT_VERSION_CHECK
#define put(i, version) held[i] = version
#else
#define put(i, version) held[i] = (version > held[i] -> version : held[i])
#endif

proctype Writer(byte id) {
  byte version, floor, attempt, acks, overtaken, newest, i;
  bool isAbove;
  atomic {
    floor = newestAcked;
    /* A clock that is ahead, or behind all others. */
    if
    :: version = versionOf(1, id)
    :: version = versionOf(2, id)
    fi
  }
attempts:
  i = 0;
  do
  :: i < N ->
     atomic {
       if
       :: held[i] > version ->
          newest = (held[i] > newest -> held[i] : newest);
          overtaken++
       :: held[i] <= version -> put(i, version); acks++
       :: put(i, version)                   /* the answer is lost */
       :: LATE && lateVersion == 0 -> lateVersion = version; lateAt = i
       :: true                              /* the replica is down, or the message is lost */
       fi;
       i++
     }
  :: i == N -> break
  od;
  atomic {
    i = 0;
#ifdef WITHOUT_RETRY
    acks = acks + overtaken;
#else
    if
    :: isAbove -> acks = acks + overtaken
    :: else
    fi;
#endif
    if
    :: acks >= W ->
       /* G2: it is newer than whatever was acknowledged before it began, so that it cannot be lost to that. */
       assert(version > floor);
       newestAcked = (version > newestAcked -> version : newestAcked)
    :: acks < W && overtaken > 0 && attempt + 1 < ATTEMPTS ->
#ifdef WITHOUT_PROOF_OF_ORDER
       isAbove = true;
#else
       /* So many have answered that nothing acknowledged before can have been missed. */
       isAbove = (acks + overtaken >= SEARCH);
#endif
       attempt++;
       version = versionOf(clockOf(newest) + 1, id);
       acks = 0; overtaken = 0;
       goto attempts
    :: else
    fi;
    version = 0; floor = 0; attempt = 0; acks = 0; overtaken = 0; newest = 0; isAbove = false
  }
}

proctype Reader() {
  byte winner, floor, before, answered, holders, i, reads;
  byte said[N];
again:
  atomic { floor = newestAcked; before = newestRead; reads++ }
  do
  :: answered < R && i < N ->
     atomic {
       if
       :: said[i] = held[i] + 1; answered++;
          winner = (held[i] > winner -> held[i] : winner)
       :: true                              /* it failed */
#ifdef WITHOUT_ERRORS
          ; said[i] = 1; answered++         /* G8: an error taken for "no such key" */
#endif
       fi;
       i++
     }
  :: else -> break
  od;
  i = 0;
  if
  :: answered >= R
  :: else -> goto over
  fi;
#ifndef WITHOUT_WRITE_BACK
  /* Monotonic: what is answered is on w replicas first. */
  atomic { holders = (said[0] == winner + 1) + (said[1] == winner + 1) + (said[2] == winner + 1) }
  do
  :: holders < HOLDERS && winner > 0 && i < N ->
     atomic {
       if
       :: said[i] == winner + 1
       :: said[i] != winner + 1 -> put(i, winner); holders++
       :: said[i] != winner + 1             /* it failed */
       fi;
       i++
     }
  :: else -> break
  od;
  if
  :: holders < HOLDERS && winner > 0 -> goto over
  :: else
  fi;
#endif
  atomic {
    assert(winner >= floor);                /* G1 */
#ifndef QUORUM_READS
    assert(winner >= before);               /* G3 */
#endif
    newestRead = (winner > newestRead -> winner : newestRead)
  }
  /* Read repair, in the background: whoever answered something older gets the winner, or does not. */
  atomic {
    for (i : 0 .. N - 1) {
      if
      :: said[i] > 0 && said[i] < winner + 1 -> put(i, winner)
      :: true
      fi
    }
  }
over:
  atomic {
    winner = 0; floor = 0; before = 0; answered = 0; holders = 0; i = 0;
    said[0] = 0; said[1] = 0; said[2] = 0
  }
  if
  :: reads < READS -> goto again
  :: else
  fi
}

active proctype Network() {
end:
  do
  :: atomic { lateVersion > 0 -> put(lateAt, lateVersion); lateVersion = 0; lateAt = 0 }
  od
}

init {
  atomic { run Writer(0); if :: READS > 0 -> run Reader() :: else fi; if :: WRITERS > 1 -> run Writer(1) :: else fi }
}
