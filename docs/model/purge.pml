/*
 * Deletes, expiry, purging, and replicas that lose their data or are taken out and put back: G7, and what it must not
 * cost (G1, G6).
 *
 * One key, three replicas, r = w = 2, also while replica 2 is out; with WRITE_ALL w is as many as there are, and r = 1.
 * Time passes in ticks: what is sent in one arrives in it or never, and a sweep takes none. The version of a write is
 * its number, because what clocks do to versions is the subject of register.pml. A macro WITHOUT_... leaves one rule
 * out; see README.md. What is printed tells the story of a counterexample.
 */
#define N 3
#define WRITES 2
#ifdef WRITE_ALL
#define W listed
#else
#define W 2
#endif

/* In ticks. */
#define GC_GRACE 2
#define ZOMBIE_AGE 1
#define TTL 1
/* So late that gc grace ago is a time too. */
#define START 3
#ifndef TICKS
#define TICKS 4
#endif
#define END (START + TICKS - 1)
/* How far a clock may be behind. */
#ifndef SKEW
#define SKEW 0
#endif
#define FOREVER 63

/* How many replicas may lose their data, be out of the list, and have a message on its way. */
#ifndef LOSSES
#define LOSSES 1
#endif
#ifndef ABSENCES
#define ABSENCES 1
#endif
#ifndef LATE
#define LATE 1
#endif

byte now = START;
byte lossesLeft = LOSSES;
byte absencesLeft = ABSENCES;

/* The records, by version; 0 stands for none. A tombstone dies at its own time. */
byte writes;
byte writtenAt[WRITES + 1];
byte diesAt[WRITES + 1];
bool isAcked[WRITES + 1];
byte newestAcked;

/* What each replica holds, and how long it is to retain that. */
byte held[N];
byte retained[N];
/* The lineage on record is not its own: it lost its data, or was taken out. */
bool isStranger[N];
/* Of replica 2. The others are there whenever a purge is announced, so when they exchanged last makes no difference. */
byte exchangedAt;
bool isOut;
bool isOutOnRecord;

/* One message on its way, of this version, to this replica: a put, or a purge where the retention is 0. */
byte lateVersion;
byte lateRetained;
byte lateAt;

/* The purge that was announced last. */
mtype = { unheard, justNow, earlier };
mtype announced = unheard;
byte diedUntil;

/* "data-may-be-lost" was announced: nothing is promised for what was written before. */
bool isLost;

#define newer(a, b) (a > b -> a : b)
#define lesser(a, b) (a < b -> a : b)
#define isDead(v) (diesAt[v] <= now)
#define isListed(i) (i < 2 || !isOut)
#define listed (N - isOut)
#define enoughToSearch (listed - W + 1)
#define canBeRead (isFull(0) + isFull(1) + isFull(2) >= enoughToSearch)

/*
 * Rule D2. A purge that was announced so long after its last exchange takes what died after that, or before it by a
 * clock that was behind.
 */
#ifdef WITHOUT_JOINING_AFTER_ABSENCE
#define isOutdated(i) false
#else
#ifdef WITHOUT_MARGIN_FOR_CLOCKS
#define isOutdated(i) (i == 2 && announced != unheard && diedUntil >= exchangedAt)
#else
#define isOutdated(i) (i == 2 && announced != unheard && diedUntil + GC_GRACE - exchangedAt >= ZOMBIE_AGE)
#endif
#endif
#ifdef WITHOUT_JOINING_AFTER_LOSS
#define isFull(i) (isListed(i) && !isOutdated(i))
#else
#define isFull(i) (isListed(i) && !isStranger[i] && !isOutdated(i))
#endif

/* Rule D3: what a joining replica holds is evidence while it is young. */
#ifdef WITHOUT_EVIDENCE_ONLY_WHEN_YOUNG
#define isEvidence(i) true
#else
#define isEvidence(i) (now - writtenAt[held[i]] < ZOMBIE_AGE)
#endif
#define told(i) (isFull(i) || (isListed(i) && isEvidence(i)) -> held[i] : 0)

/* Dead records go past their retention (a tick later: older writes are over then), or when that was announced. */
#define purgesUntil (announced == earlier -> diedUntil : 0)
#ifdef WITHOUT_RETENTION
#define isRetired(v, retention) isDead(v)
#else
#define isRetired(v, retention) (isDead(v) && (retention < now || diesAt[v] <= purgesUntil))
#endif

/* For one step; always 0 between steps. */
byte i;
byte winner;
byte longest;
byte retention;

inline tellHeld() {
  printf("; held %d %d %d, until %d %d %d", held[0], held[1], held[2], retained[0], retained[1], retained[2]);
  printf(", full %d %d %d; purges until %d of %d\n", isFull(0), isFull(1), isFull(2), purgesUntil, diedUntil)
}

#include "purge-reads-and-writes.pml"
#include "purge-sweep.pml"

/* Never the last that has everything: no rule can help that. */
#define isWhole (!isOut && isFull(0) && isFull(1) && isFull(2))

inline lose(at) {
  isStranger[at] = true; held[at] = 0; retained[at] = 0;
  printf("tick %d: %d loses its data\n", now, at)
}

/* Versions that are nowhere, and that no promise is about, make no difference any more. */
inline tidy() {
  for (i : 1 .. WRITES) {
    if
    :: i <= writes && i < newestAcked && held[0] != i && held[1] != i && held[2] != i && lateVersion != i ->
       writtenAt[i] = 0; diesAt[i] = 0; isAcked[i] = false
    :: else
    fi
  }
}

/* Replicas 0 and 1 are alike, so of two states that differ by which is which, one is enough. */
#define ranks(i) (128 * held[i] + 2 * retained[i] + isStranger[i])
inline order() {
  if
  :: ranks(0) < ranks(1) ->
     i = held[0]; held[0] = held[1]; held[1] = i;
     i = retained[0]; retained[0] = retained[1]; retained[1] = i;
     i = isStranger[0]; isStranger[0] = isStranger[1]; isStranger[1] = i;
     i = 0;
     lateAt = (lateVersion > 0 && lateAt < 2 -> 1 - lateAt : lateAt)
  :: else
  fi
}

inline settle() {
  d_step { tidy(); order(); check(); i = 0; winner = 0; longest = 0; retention = 0; acks = 0; retaining = 0 }
}

inline forgetLate() { lateVersion = 0; lateRetained = 0; lateAt = 0 }

#if defined(WRITE_ALL) && !defined(WITHOUT_REMOVAL_ON_RECORD)
#define MAY_GO_UNRECORDED false
#else
#define MAY_GO_UNRECORDED true
#endif

/* Nothing is promised any more once data is lost, nor where all writes failed. */
#define goesOn (!isLost && (newestAcked > 0 || writes < WRITES))

active proctype World() {
end:
  do
  :: atomic { goesOn && writes < WRITES -> write(); settle() }
  :: atomic { goesOn && canBeRead -> repair(); settle() }
  :: atomic { goesOn -> sweep(); settle() }
  :: atomic { goesOn && LATE && lateVersion == 0 -> sendPurge(); settle() }
  :: atomic { goesOn && lateVersion > 0 -> arrive(); forgetLate(); settle() }
  :: atomic { goesOn && now < END ->
       now++;
       announced = (announced == justNow -> earlier : announced);
       forgetLate();
       settle() }
  :: atomic { goesOn && lossesLeft > 0 && isWhole ->
       lossesLeft--;
       if
       :: lose(0)
       :: lose(1)
       :: lose(2)
       fi;
       settle() }
  :: atomic { goesOn && absencesLeft > 0 && isWhole ->
       absencesLeft--;
       isOut = true;
       /* By removeReplica, or by starting all processes with another list, which puts nothing on record. */
       if
       :: isOutOnRecord = true
       :: MAY_GO_UNRECORDED
       fi;
       printf("tick %d: 2 is taken out, on record: %d\n", now, isOutOnRecord);
       settle() }
  :: atomic { goesOn && isOut && isFull(0) && isFull(1) ->
       isOut = false;
       isStranger[2] = isStranger[2] || isOutOnRecord;
       isOutOnRecord = false;
       printf("tick %d: 2 is put back\n", now);
       settle() }
  od
}

init {
  atomic { exchangedAt = START; diesAt[0] = FOREVER }
}
