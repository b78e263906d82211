"use strict";
// The nurse's station. One rule above all: a number stays on the page only while events keep
// coming, judged by this computer's own clock. A lost connection, a sleeping laptop, a burst
// of late events after a stall: each ends in `---` and a banner, never in an old number.

// Without a current event for this long the page goes blank. The server's own deadline is 1 s.
const DEADLINE = 2000;
// An event that arrives this much later than its clock allows waited somewhere: it is old.
const LATE = 1500;
// Seconds of wave across the screen, as at the bedside.
const SWEEP = 8;
const GAP = 0.35;

const WAVES = {
  ecg: { rate: 500, low: -1000, high: 2000, adapt: true },
  pleth: { rate: 125, low: -1000, high: 1000, adapt: true },
  abp: { rate: 125, low: 0, high: 200, adapt: true },
  resp: { rate: 125, low: -1000, high: 1000, adapt: true },
};
const NUMERICS = [
  "heart-rate", "spo2", "pulse-rate", "respiration-rate",
  "abp-systolic", "abp-diastolic", "abp-mean", "pap-systolic", "pap-diastolic", "pap-mean",
  "nibp-systolic", "nibp-diastolic", "nibp-mean",
];
const ORDER = ["high", "medium", "low"];
const MARK = { high: "!!!", medium: "!!", low: "!" };
const element = (id) => document.getElementById(id);

// --- what is current -------------------------------------------------------------------

let heardAt = -Infinity; // performance.now() of the last current event
let heardWall = 0; // Date.now() of the same: performance.now() may stand still in sleep
let skew = Infinity; // smallest arrival minus server time seen on this connection
let skewWindow = [];
let reason = "connecting to the monitor";
let blanked = true;

function heard(at) {
  const now = Date.now();
  // The smallest delay of the last minutes is the transport's own; more than that is waiting.
  const delay = now - at;
  if (delay < skew) skew = delay;
  skewWindow.push(delay);
  if (skewWindow.length >= 3000) { // two minutes: follow a clock that is being corrected
    skew = Math.min(...skewWindow);
    skewWindow = [];
  }
  if (delay - skew > LATE) return false;
  heardAt = performance.now();
  heardWall = now;
  return true;
}

function isCurrent() {
  return performance.now() - heardAt <= DEADLINE && Math.abs(Date.now() - heardWall) <= DEADLINE;
}

function blank() {
  if (blanked) return;
  blanked = true;
  for (const id of NUMERICS) element(id).textContent = "---";
  for (const trace of Object.values(traces)) {
    trace.clear();
    trace.draw(); // at once: a hidden page gets no animation frame
  }
  document.body.dataset.state = "stale";
  element("mark").hidden = true;
  element("beat").classList.remove("on");
  showAlarms(null);
}

function judge() {
  element("clock").textContent = new Date().toTimeString().slice(0, 8);
  const banner = element("banner");
  if (isCurrent()) {
    banner.hidden = true;
    return;
  }
  blank();
  document.body.dataset.state = "stale";
  element("link-text").textContent = "no current data";
  const seconds = Math.round((Date.now() - heardWall) / 1000);
  const since = heardWall ? `, for ${seconds} s` : "";
  banner.textContent = `NO CURRENT DATA${since}: ${reason}. Look at the bedside.`;
  banner.hidden = false;
}

// --- numbers and alarms ----------------------------------------------------------------

function show(record) {
  blanked = false;
  document.body.dataset.state = "current";
  element("banner").hidden = true;
  element("link-text").textContent = "receiving from the bedside";
  for (const id of NUMERICS) {
    const value = record.numerics[id];
    const text = value === null || value === undefined ? "---" : String(value);
    if (element(id).textContent !== text) element(id).textContent = text;
  }
  const mark = markOf(record);
  element("mark").textContent = mark;
  element("mark").hidden = mark === "";
  if (record.beat) {
    element("beat").classList.add("on");
    setTimeout(() => element("beat").classList.remove("on"), 120);
  }
  showAlarms(record);
}

function markOf(record) {
  const words = [];
  if (record.source === "demo") words.push("DEMO: SIMULATED PATIENT");
  else if (record.source === "record") words.push("RECORDING, NOT LIVE");
  else if (record.test) words.push("TEST DATA");
  if (record.speed !== 1) words.push(`SPEED \u00d7${record.speed}`);
  return words.join(" \u00b7 ");
}

let shownAlarms = "";
const seen = new Set();

function showAlarms(record) {
  const alarms = record ? [...record.alarms] : null;
  if (alarms) {
    alarms.sort((a, b) => ORDER.indexOf(a.priority) - ORDER.indexOf(b.priority) || a.id - b.id);
    for (const id of seen) if (!alarms.some((a) => a.id === id)) seen.delete(id);
  }
  const key = JSON.stringify([alarms, [...seen]]);
  if (key === shownAlarms) return;
  shownAlarms = key;
  const list = element("alarms");
  list.replaceChildren();
  if (!alarms || alarms.length === 0) {
    const quiet = document.createElement("p");
    quiet.className = "quiet";
    quiet.textContent = alarms ? "no alarms" : "alarms unknown";
    list.append(quiet);
    return;
  }
  for (const alarm of alarms) {
    const line = document.createElement("div");
    line.className = `alarm ${alarm.priority}${seen.has(alarm.id) ? " seen" : ""}`;
    line.dataset.id = alarm.id;
    const text = document.createElement("span");
    text.textContent = `${MARK[alarm.priority] ?? "!!!"} ${alarm.text}`;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = seen.has(alarm.id) ? "seen remotely" : "mark as seen";
    button.disabled = seen.has(alarm.id);
    button.addEventListener("click", () => markSeen(alarm.id, button));
    line.append(text, button);
    list.append(line);
  }
}

async function markSeen(id, button) {
  button.disabled = true;
  try {
    const answer = await fetch(`/seen/${id}`, { method: "POST" });
    if (answer.status === 202) seen.add(id);
    else button.textContent = answer.status === 429 ? "wait, try again" : "not passed on";
  } catch {
    button.textContent = "not passed on";
  }
  button.disabled = seen.has(id);
}

// --- waves -----------------------------------------------------------------------------

class Trace {
  constructor(name) {
    Object.assign(this, WAVES[name]);
    this.canvas = element(`wave-${name}`);
    this.name = name;
    this.samples = new Array(SWEEP * this.rate).fill(null);
    this.clear();
  }

  clear() {
    this.samples.fill(null);
    this.written = 0; // samples that came
    this.shown = 0; // samples on screen, as a fraction
    this.queue = 0;
  }

  push(samples, count) {
    for (let i = 0; i < count; i += 1) {
      this.samples[this.written % this.samples.length] = samples ? samples[i] : null;
      this.written += 1;
    }
  }

  // Advances at the waves' own rate, so that network jitter does not make them stutter.
  advance(elapsed) {
    const behind = this.written - this.shown;
    if (behind > this.rate * 0.8) this.shown = this.written - this.rate * 0.25;
    const hurry = behind > this.rate * 0.3 ? 1.05 : behind < this.rate * 0.08 ? 0.9 : 1;
    this.shown = Math.min(this.written, this.shown + elapsed * this.rate * hurry);
  }

  scale() {
    let low = Infinity;
    let high = -Infinity;
    for (const value of this.samples) {
      if (value === null) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
    if (low > high) return;
    const margin = Math.max((high - low) * 0.12, this.name === "abp" ? 6 : 60);
    // Eases towards the new limits: a scale that jumps looks like a change in the patient.
    this.low += (low - margin - this.low) * 0.04;
    this.high += (high + margin - this.high) * 0.04;
  }

  draw() {
    const { canvas } = this;
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [canvas.clientWidth * ratio, canvas.clientHeight * ratio].map(Math.round);
    if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
    const pen = canvas.getContext("2d");
    pen.clearRect(0, 0, width, height);
    pen.strokeStyle = getComputedStyle(canvas).color;
    pen.lineWidth = 1.8 * ratio;
    pen.lineJoin = "round";
    const length = this.samples.length;
    const head = Math.floor(this.shown);
    const first = Math.max(0, head - length + Math.round(GAP * this.rate));
    const top = 24 * ratio;
    const y = (value) => height - 5 * ratio - ((value - this.low) / (this.high - this.low)) * (height - top - 5 * ratio);
    pen.beginPath();
    let down = false;
    for (let n = first; n < head; n += 1) {
      const value = this.samples[n % length];
      const at = n % length;
      if (value === null || at === 0) down = false;
      if (value === null) continue;
      const x = (at / length) * width;
      if (down) pen.lineTo(x, y(value));
      else pen.moveTo(x, y(value));
      down = true;
    }
    pen.stroke();
    if (this.name === "ecg" && down) this.calibrate(pen, y, ratio);
  }

  // One millivolt, as on paper: the height of an ECG means nothing without it.
  calibrate(pen, y, ratio) {
    const x = 5 * ratio;
    pen.strokeStyle = pen.fillStyle = "#9fb0bb";
    pen.beginPath();
    for (const at of [0, 1000]) {
      pen.moveTo(x - 3 * ratio, y(at));
      pen.lineTo(x + 3 * ratio, y(at));
    }
    pen.moveTo(x, y(0));
    pen.lineTo(x, y(1000));
    pen.stroke();
    pen.font = `${11 * ratio}px sans-serif`;
    pen.fillText("1 mV", x + 6 * ratio, y(1000) + 9 * ratio);
  }
}

const traces = Object.fromEntries(Object.keys(WAVES).map((name) => [name, new Trace(name)]));
let drawnAt = performance.now();

function frame(now) {
  const elapsed = Math.min((now - drawnAt) / 1000, 0.5);
  drawnAt = now;
  for (const trace of Object.values(traces)) {
    if (!blanked) {
      trace.advance(elapsed);
      trace.scale();
    }
    trace.draw();
  }
  scaleText();
  requestAnimationFrame(frame);
}

function scaleText() {
  const { low, high } = traces.abp;
  const text = blanked ? "" : `${Math.round(low)} to ${Math.round(high)} mmHg`;
  if (element("abp-scale").textContent !== text) element("abp-scale").textContent = text;
}

// --- the event stream ------------------------------------------------------------------

function connect() {
  const source = new EventSource("/events");
  source.addEventListener("open", () => {
    // A new connection has a delay of its own.
    skew = Infinity;
    skewWindow = [];
  });
  source.addEventListener("vitals", (event) => {
    const record = JSON.parse(event.data);
    if (!heard(record.at)) {
      reason = "data arrives too late";
      // What is not drawn is missing: the next piece of curve does not join the last.
      for (const trace of Object.values(traces)) trace.push(null, trace.rate / 25);
      return;
    }
    for (const [name, trace] of Object.entries(traces)) {
      trace.push(record.waves[name], trace.rate / 25);
    }
    show(record);
  });
  source.addEventListener("gap", (event) => {
    // The missing time shows as a missing piece of curve, not as two ends joined.
    const { lost } = JSON.parse(event.data);
    for (const trace of Object.values(traces)) {
      const count = Math.min(lost ?? Infinity, SWEEP * 25) * (trace.rate / 25);
      trace.push(null, count);
    }
  });
  source.addEventListener("state", (event) => {
    const said = JSON.parse(event.data);
    if (said.state === "current") return;
    // The monitor itself says that it has nothing: no reason to wait for the deadline.
    reason = said.why;
    heardAt = -Infinity;
    judge();
  });
  source.addEventListener("error", () => {
    reason = "no connection to the monitor";
    // The browser gives up on some answers; a nurse's station does not.
    if (source.readyState === EventSource.CLOSED) setTimeout(connect, 1000);
  });
}

setInterval(judge, 250);
document.addEventListener("visibilitychange", judge);
connect();
requestAnimationFrame(frame);
