// How many of `count` things in order fit, given their places; once one does not, none after it does.
export function howMany(count: number, fits: (place: number) => boolean): number {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (fits(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}

// The first place in ascending numbers that is not below a value.
export const lower = (sorted: ArrayLike<number>, value: number): number => howMany(sorted.length, (n) => (sorted[n] as number) < value);
