/* What anti-entropy decides about the key, as src/background/sweep/decide-key.ts does. */
bool isPresent[N];
bool wasFull[N];
byte zombiesUntil;
byte fulls;
byte present;
byte holders;
byte lacking;
byte outdated;
byte unknown;
byte leftVersion;

#ifdef WITHOUT_ZOMBIES_DROPPED
#define mayBeZombies false
#else
#ifdef WITHOUT_ENOUGH_FULL_FOR_ZOMBIES
#define mayBeZombies (announced != unheard)
#else
#define mayBeZombies (announced != unheard && !(present == listed && fulls < enoughToSearch))
#endif
#endif
#ifdef WITHOUT_DEAD_RECORDS_SPREAD
#define isAlwaysSpread(v) false
#else
#define isAlwaysSpread(v) isDead(v)
#endif
#ifdef WITHOUT_OLDER_RECORDS_HEARD
#define isNeverDeleted false
#else
#define isNeverDeleted (outdated > 0 || (holders > 0 && lacking == 0))
#endif
#ifdef WITHOUT_UNKNOWN_HOLDERS
#define isPossible false
#else
#define isPossible (holders + unknown >= W)
#endif
#ifdef WITHOUT_WAITING_FOR_EXCHANGES
#define provenUntil now
#else
#define provenUntil lesser(diedUntil, now - ZOMBIE_AGE)
#endif

inline prepare() {
  for (i : 0 .. N - 1) {
    isPresent[i] = isPresent[i] && isListed(i);
    wasFull[i] = isFull(i);
    fulls = fulls + wasFull[i];
    present = present + isPresent[i]
  }
  zombiesUntil = (mayBeZombies -> provenUntil : 0)
}

inline findNewest() {
  winner = 0; longest = 0; holders = 0; lacking = 0; outdated = 0; unknown = 0;
  for (i : 0 .. N - 1) {
    if
    :: isPresent[i] -> winner = newer(winner, held[i]); longest = newer(longest, retained[i])
    :: else
    fi
  }
  for (i : 0 .. N - 1) {
    if
    :: !isListed(i)
    :: isListed(i) && (!wasFull[i] || !isPresent[i]) -> unknown++
    :: isListed(i) && wasFull[i] && isPresent[i] ->
       lacking = lacking + (held[i] == 0);
       holders = holders + (held[i] > 0 && held[i] == winner);
       outdated = outdated + (held[i] > 0 && held[i] < winner)
    fi
  }
}

/* Rule D5. */
inline dropZombies() {
  findNewest();
  do
  :: winner > 0 && holders < W && !isAlwaysSpread(winner) && writtenAt[winner] <= zombiesUntil && !isNeverDeleted ->
     if
     :: isPossible -> leftVersion = winner; break
     :: else ->
        for (i : 0 .. N - 1) {
          if
          :: isPresent[i] && held[i] == winner -> held[i] = 0; retained[i] = 0
          :: else
          fi
        }
        findNewest()
     fi
  :: else -> break
  od
}

#define isSame(a, b) (!isListed(a) || !isListed(b) || held[a] == held[b])
#define areSame (isSame(0, 1) && isSame(0, 2) && isSame(1, 2))
/* The newest to whoever lacks it, unless it may have been purged there. */
inline spread() {
  for (i : 0 .. N - 1) {
    if
    :: isPresent[i] && leftVersion == 0 && held[i] < winner ->
       if
       :: held[i] == 0 && (longest <= now || isRetired(winner, longest))
       :: else -> put(i, winner, longest)
       fi
    :: else
    fi
  }
  /* G6, for the dead too. */
  assert(present < listed || leftVersion > 0 || winner == 0 || longest <= now || isRetired(winner, longest) || areSame)
}

inline purge() {
  for (i : 0 .. N - 1) {
    if
    :: isPresent[i] && held[i] > 0 && isRetired(held[i], retained[i]) -> held[i] = 0; retained[i] = 0
    :: else
    fi
  }
}

#ifdef WITHOUT_ENOUGH_EXCHANGED
#define enoughToJoin (enoughToSearch - 1)
#else
#define enoughToJoin enoughToSearch
#endif
#ifdef WITHOUT_LEFT_RECORDS_HELD_AGAINST
#define holdsWhatIsLeft(i) false
#else
#define holdsWhatIsLeft(i) (leftVersion > 0 && held[i] == leftVersion)
#endif
#ifdef WITHOUT_GRACE
#define graceAgo now
#else
#define graceAgo (now - GC_GRACE)
#endif

inline noteExchange(at) {
  if
  :: at == 2 -> exchangedAt = now
  :: else
  fi
}

/* Rules D2 and D4: who has exchanged with enough full ones is full; and when all are, the next purge is announced. */
inline conclude() {
  fulls = 0; holders = 0;
  for (i : 0 .. N - 1) { fulls = fulls + (isPresent[i] && wasFull[i]) }
  for (i : 0 .. N - 1) {
    if
    :: isPresent[i] && wasFull[i] && fulls - 1 >= listed - W -> noteExchange(i); holders++
    :: isPresent[i] && !wasFull[i] && fulls >= enoughToJoin && !holdsWhatIsLeft(i) ->
       noteExchange(i); isStranger[i] = false; holders++
    :: isPresent[i] && !wasFull[i] && fulls < enoughToJoin && present == listed ->
       noteExchange(i); isStranger[i] = false; holders++; isLost = true
    :: else
    fi
  }
  if
  :: holders == listed && announced != justNow -> announced = justNow; diedUntil = graceAgo
  :: else
  fi
}

inline sweep() {
  /* At least two. */
  if
  :: isPresent[0] = true; isPresent[1] = true
  :: isPresent[0] = true; isPresent[2] = true
  :: isPresent[1] = true; isPresent[2] = true
  :: isPresent[0] = true; isPresent[1] = true; isPresent[2] = true
  fi;
  d_step {
    prepare();
    if
    :: present >= 2 -> dropZombies(); spread(); purge(); conclude();
       printf("tick %d: sweep of %d %d %d", now, isPresent[0], isPresent[1], isPresent[2]);
       printf(", %d wins, %d is left", winner, leftVersion);
       tellHeld();
       /* G6: all are full and there, so all are the same, but for what is dead: each purges that in its own time. */
       assert(fulls < listed || isLost || isDead(winner) || areSame)
    :: else
    fi;
    for (i : 0 .. N - 1) { isPresent[i] = false; wasFull[i] = false }
    zombiesUntil = 0; fulls = 0; present = 0; holders = 0; lacking = 0; outdated = 0; unknown = 0;
    leftVersion = 0
  }
}

