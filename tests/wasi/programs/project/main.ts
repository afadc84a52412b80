// Bundled and minified by esbuild, which runs in Arris: types go, constants fold, what is not used is left out.
import { area, type Shape } from "./parts/shapes";
import settings from "./parts/settings.json";

const enum Unit { Metre = "m", Foot = "ft" }

function describe(shape: Shape, unit: Unit = Unit.Metre): string {
  const size = area(shape) * (unit === Unit.Foot ? 10.7639 : 1);
  return `${shape.kind}: ${size.toFixed(settings.digits)} ${unit}²`;
}

for (const shape of [{ kind: "circle", radius: 2 }, { kind: "box", width: 3, height: 4 }] satisfies Shape[]) {
  console.log(describe(shape), 60 * 60 * 24);
}
