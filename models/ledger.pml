/* The ledger of jobs on several machines, in a small system: one chunk of two targets, two workers
 * that may die and start again, a database, and statements and answers that may be late or lost.
 *
 * Every interleaving is looked at. Nobody is sent to twice, nobody is lost, and what the ledger says
 * is true. Each of these takes one fence out, and then a fault is found:
 *
 *   -DNO_EPOCH      a call departs although its worker no longer has the chunk
 *   -DNO_INSERT     a call is sent before the commit that records it
 *   -DNO_TAKEN      the database believes the worker's arithmetic
 *   -DNO_MARK       a withdrawal leaves no mark for a commit that comes after it
 *   -DNO_LATE       a late answer is not recorded
 *
 * `models/check.sh` runs all of them. The functions of easemob_async/distributed/ledger.sql have the
 * names of the steps here.
 */

#define CALLS 3          /* numbers of calls, over both workers */
#define CLAIMS 3         /* how often the chunk is taken, deaths included */
#define BOTH 3           /* both targets, as bits */

mtype = { none, flight, sent, unknown, withdrawn };

/* The database: the row of the chunk, and the rows of the calls. */
byte epoch;
byte taken;
mtype state[CALLS] = none;
byte targets[CALLS];
bool answered[CALLS];
bool gone[CALLS];        /* whether it was withdrawn: nobody reads it but the model */

/* Statements on their way to the database; an order is late for as long as it likes. */
chan departs = [2] of { byte, byte, byte };   /* call, epoch, targets */
bool granted[CALLS], refused[CALLS];

/* The service. */
byte times[2];           /* how often each target was sent to */
bool left[CALLS];        /* whether a call's request left */

byte numbers, claims;

byte i;

/* After every step: a call that left is on the record, and keeps its targets from all others. */
inline check() {
    i = 0;
    do
    :: i < CALLS ->
        if
        :: left[i] ->
#ifndef NO_INSERT
            assert(state[i] == flight || state[i] == sent || state[i] == unknown);
            assert((taken & targets[i]) == targets[i])
#else
            skip
#endif
        :: else
        fi;
        assert(state[i] != sent || left[i]);      /* nothing is invented */
        i++
    :: else -> break
    od;
    i = 0
}

inline count(mask) {
    if :: mask & 1 -> times[0]++ :: else fi;
    if :: mask & 2 -> times[1]++ :: else fi;
    assert(times[0] <= 1 && times[1] <= 1);    /* nobody is sent to twice */
    check()
}

/* Statements carried out by the database, each in one step under the lock of the chunk's row. */

inline claim(mine) {
    epoch++; mine = epoch; claims++;
    i = 0;
    do
    :: i < CALLS -> if :: state[i] == flight -> state[i] = unknown :: else fi; i++
    :: else -> break
    od;
    check()
}

inline depart(call, its_epoch, mask) {
    if
#ifndef NO_EPOCH
    :: its_epoch != epoch -> refused[call] = true
#endif
#ifndef NO_MARK
    :: state[call] != none -> refused[call] = true
#endif
#ifndef NO_TAKEN
    :: (taken & mask) != 0 -> refused[call] = true
#endif
    :: else ->
        assert(its_epoch == epoch);             /* who lost the chunk departs nothing */
        assert(!gone[call]);                    /* what was withdrawn stays so */
        state[call] = flight; targets[call] = mask;
        taken = taken | mask; granted[call] = true
    fi;
    check()
}

inline withdraw(call) {
    gone[call] = true;
    if
    :: state[call] == flight || (state[call] == unknown && !answered[call]) ->
        taken = taken & ~targets[call]; state[call] = withdrawn
    :: state[call] == none ->
#ifndef NO_MARK
        state[call] = withdrawn
#else
        skip
#endif
    :: else
    fi;
    check()
}

inline settle(call) {
    if
    :: state[call] == flight -> state[call] = sent; answered[call] = true
#ifndef NO_LATE
    :: state[call] == unknown && !answered[call] -> state[call] = sent; answered[call] = true
#endif
    :: else
    fi;
    check()
}

active proctype Database() {
    byte call, its_epoch, mask;
end:
    do
    :: atomic { departs ? call, its_epoch, mask -> depart(call, its_epoch, mask) }
    od
}

active [2] proctype Worker() {
    byte mine, call, mask;

again:
    if
    :: atomic { claims < CLAIMS -> claim(mine) }
    :: goto done
    fi;

next:
    if
    :: atomic { numbers < CALLS -> call = numbers; numbers++ }
    :: goto done
    fi;
    /* The worker's arithmetic may be as wrong as it likes. */
    if :: mask = 1 :: mask = 2 :: mask = BOTH fi;

#ifdef NO_INSERT
    atomic { (taken & mask) == 0 -> left[call] = true; count(mask) }
    if :: goto again :: skip fi;                 /* killed after the request */
#endif
    departs ! call, mine, mask;
    if
    :: goto again                                /* killed, or paused for ever, before the answer */
    :: refused[call] -> goto again
    :: granted[call] -> skip
    :: true ->                                   /* the answer is lost: it takes its row back */
        atomic { withdraw(call) };
        goto next
    fi;

    if
    :: goto again                                /* killed between record and request */
    :: atomic { withdraw(call) }; goto next      /* it never left: no connection, a refusal */
    :: skip
    fi;
#ifndef NO_INSERT
    atomic { left[call] = true; count(targets[call]) };
#endif
    if
    :: goto again                                /* killed between request and record */
    :: true ->
       atomic { settle(call) };                  /* as late as it likes */
       assert(state[call] == sent);              /* an answer that came is recorded */
       goto next
    fi;
done:
    skip
}
