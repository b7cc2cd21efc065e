/** A line of the latest values, without axes: the figure stands beside it, and a table has all of them. */

const [width, height] = [120, 32];

export function Sparkline({ values }: { values: readonly number[] }) {
  const most = Math.max(...values, 1);
  const points = values.map((value, at) => {
    const x = values.length > 1 ? (at / (values.length - 1)) * width : width;
    return `${x.toFixed(1)},${(height - 1 - (value / most) * (height - 2)).toFixed(1)}`;
  });
  return (
    <svg className="sparkline" viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden="true">
      <polyline points={points.join(" ")} />
    </svg>
  );
}
