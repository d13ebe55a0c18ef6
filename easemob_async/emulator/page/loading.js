// How often and in which order answers are asked for.

const GAP = 1000;

// Do the work now, or once the gap since the last time is over.
export function seldom(work) {
  let last = 0;
  let timer;
  return () => {
    if (timer !== undefined) return;
    timer = setTimeout(() => {
      timer = undefined;
      last = Date.now();
      work();
    }, Math.max(0, last + GAP - Date.now()));
  };
}

// Ask, and use the answer unless a later question has been asked meanwhile.
export function latest(ask, use) {
  let turn = 0;
  return async (...values) => {
    const mine = ++turn;
    const answer = await ask(...values);
    if (mine === turn) use(answer, ...values);
  };
}

// Do the work when nothing was typed for a moment.
export function typed(work) {
  let timer;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(work, 200);
  };
}
