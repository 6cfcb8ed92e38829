/** The dashboard for Grafana asks for metrics that there are, and for all of them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createRuntime } from "../../host/node/index.ts";
import { ROOT } from "../support/pages.ts";

interface Panel {
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets: readonly { readonly expr: string; readonly legendFormat: string }[];
}
const text = readFileSync(join(ROOT, "docs/grafana.json"), "utf8");
const { panels } = JSON.parse(text) as { panels: Panel[] };
const expressions = panels.flatMap(({ targets }) => targets);

/** The metrics of an observer, with their types and the labels of their samples. */
async function metrics(): Promise<Map<string, { type: string; labels: Set<string> }>> {
  const runtime = createRuntime({ quiet: true });
  const observer = await runtime.observe();
  const headers = { Authorization: `Bearer ${observer.token}` };
  const answer = await (await fetch(`http://127.0.0.1:${observer.port}/metrics`, { headers })).text();
  await observer.close();
  await runtime.stop();
  const found = new Map<string, { type: string; labels: Set<string> }>();
  for (const [, name, type] of answer.matchAll(/^# TYPE (\S+) (\S+)$/gm)) found.set(name, { type, labels: new Set() });
  for (const [, name, labels] of answer.matchAll(/^(\w+)\{(.*)\} /gm)) {
    const metric = found.get(name.replace(/_(bucket|sum|count)$/, ""));
    for (const [, label] of labels.matchAll(/(\w+)="/g)) metric?.labels.add(label);
  }
  return found;
}

test("every metric that the dashboard names exists, and every metric is on it", async () => {
  const known = await metrics();
  const named = new Set([...text.matchAll(/isopod_\w+/g)].map(([name]) => name.replace(/_bucket$/, "")));
  expect([...named].sort()).toEqual([...known.keys()].sort());
});

test("counters are shown as rates, gauges as they are, and legends use labels that there are", async () => {
  const known = await metrics();
  for (const { expr, legendFormat } of expressions) {
    const [name] = /isopod_\w+/.exec(expr) ?? [""];
    const { type, labels } = known.get(name.replace(/_bucket$/, "")) ?? {};
    expect([expr, expr.includes("rate(")]).toEqual([expr, type !== "gauge"]);
    expect([expr, expr.includes("histogram_quantile(")]).toEqual([expr, type === "histogram"]);
    for (const [, label] of legendFormat.matchAll(/\{\{(\w+)\}\}/g)) {
      expect([...(labels ?? []), "instance"]).toContain(label);
    }
  }
});

test("no two panels lie on each other", () => {
  const places = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`),
  );
  expect(new Set(places).size).toBe(places.length);
  expect(panels.every(({ gridPos: { x, w } }) => x + w <= 24)).toBe(true);
});
