/* The quota account that processes share, in a small system: three attempts at a time, one limit of
 * two units in a window of three ticks, and a service that counts a request at some time between its
 * departure and its answer. Callers may die at any time, and their requests live on.
 *
 * Times are what is left of them, so that every interleaving of any length is looked at: no window
 * of the service, wherever it begins, holds more than the limit. Each of these takes one fence out,
 * and then a fault is found:
 *
 *   -DAT_ADMISSION  units are held for a window from the take on, as limiters do that count calls
 *                   when they are let in
 *   -DNO_DEADLINE   a request may leave after the deadline that was fixed at the take
 *   -DDEAD_AT_ONCE  the units of a process that died are given back at once
 *
 * `models/check.sh` runs all of them.
 */

#define ATTEMPTS 3
#define UNITS 2
#define WINDOW 3
#define PATIENCE 2       /* the ticks from the take to the deadline of the attempt */

mtype = { over, admitted, flying, counted };

mtype attempt[ATTEMPTS] = over;
byte hold[ATTEMPTS];     /* the ticks for which the store holds its unit */
byte deadline[ATTEMPTS]; /* the ticks until its deadline, and one */
byte at_present, before, long_before;  /* how many the service counted in this tick and the two before */

#define HELD ((hold[0] > 0) + (hold[1] > 0) + (hold[2] > 0))

inline take(a) {
    attempt[a] = admitted;
    deadline[a] = PATIENCE + 1;
#ifdef AT_ADMISSION
    hold[a] = WINDOW
#else
    hold[a] = PATIENCE + WINDOW
#endif
}

inline answer(a) {
    attempt[a] = over;
#ifndef AT_ADMISSION
    hold[a] = WINDOW
#endif
}

inline pass(a) {
    if :: hold[a] > 0 -> hold[a]-- :: else fi;
    if :: deadline[a] > 0 -> deadline[a]-- :: else fi;
    /* Given up: what the service did not count by now it never does. */
    if
    :: deadline[a] == 0 && (attempt[a] == flying || attempt[a] == counted) -> attempt[a] = over
    :: else
    fi
}

active proctype World() {
    byte a;
    do
    :: select (a : 0 .. ATTEMPTS - 1);
       if
       :: d_step { attempt[a] == over && hold[a] == 0 && HELD < UNITS -> take(a) }
       :: d_step { attempt[a] == admitted -> attempt[a] = over; hold[a] = 0 }  /* it never left */
       :: d_step { attempt[a] == admitted -> attempt[a] = over }               /* it died */
#ifdef NO_DEADLINE
       :: d_step { attempt[a] == admitted -> attempt[a] = flying; deadline[a] = 1 }
#else
       :: d_step { attempt[a] == admitted && deadline[a] > 0 -> attempt[a] = flying }
#endif
#ifdef DEAD_AT_ONCE
       :: d_step { attempt[a] == flying -> hold[a] = 0 }
#endif
       :: d_step {
            attempt[a] == flying ->
            attempt[a] = counted; at_present++;
            assert(at_present + before + long_before <= UNITS)
          }
       :: d_step { attempt[a] == counted -> answer(a) }
       :: d_step {                                                             /* time passes */
            pass(0); pass(1); pass(2);
            long_before = before; before = at_present; at_present = 0
          }
       fi
    od
}
