/**
 * Savina's chameneos: creatures meet in pairs at a mall and change colour with each meeting. Both
 * of a pair count it.
 */
import { actor, dispatch, since, summing } from "./actors.js";

const colours = ["red", "yellow", "blue"];

export async function chameneos({ chameneos: creatures, meetings }) {
  const began = performance.now();
  const { reference: reports, total } = summing(creatures);
  const mall = actor(atMall, { left: meetings, waiting: undefined });
  for (let i = 0; i < creatures; i++) {
    const creature = actor((state, message, context) => encounter(state, message, context, mall, reports), {
      colour: colours[i % 3],
      met: 0,
    });
    dispatch(creature, { type: "enter" });
  }
  return since(began, meetings, (await total) / 2);
}

function atMall({ left, waiting }, message, { self, sender }) {
  if (left === 0) {
    dispatch(sender, { type: "leave" }, self);
    return { left, waiting };
  }
  if (waiting === undefined) return { left, waiting: sender };
  dispatch(waiting, message, sender);
  return { left: left - 1, waiting: undefined };
}

function encounter(state, message, { self, sender }, mall, reports) {
  let { colour, met } = state;
  switch (message.type) {
    case "meet":
      colour = complement(colour, message.colour);
      met++;
      dispatch(sender, { type: "change", colour }, self);
      break;
    case "change":
      colour = message.colour;
      met++;
      break;
    case "leave":
      dispatch(reports, met);
      return state;
  }
  dispatch(mall, { type: "meet", colour }, self);
  return { colour, met };
}

function complement(mine, other) {
  return mine === other ? mine : colours.find(colour => colour !== mine && colour !== other);
}
