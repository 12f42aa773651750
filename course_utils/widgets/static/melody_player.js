/* A piano roll that sounds. See melody_player.py: the same numbers, sentence and picture.
 * The sound is made here, by Web Audio, and only after a press of the button. */

/** @typedef {{ melody: string, tempo: number, note: number }} Values */
/** @typedef {[pitch: number, sixteenths: number]} Note  a rest has pitch 0 */
/** @typedef {{ key: string, metre: string, bar: number, notes: Note[] }} Melody */
/** @typedef {{ melodies: Record<string, Melody> }} Data */
/** @typedef {ReturnType<typeof compute>} Result */

// ---------------------------------------------------------------- the numbers

const PITCH_NAMES = ["C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "G♯", "A", "B♭", "B"];
// Keys whose scale has A♭, not G♯.
const WITH_A_FLAT = ["C minor", "F minor", "B♭ minor", "E♭ major", "A♭ major", "D♭ major"];
const BLACK_KEYS = [1, 3, 6, 8, 10];
/** @type {Record<number, string>} */
const LENGTH_NAMES = {
  1: "a sixteenth",
  2: "an eighth",
  3: "a dotted eighth",
  4: "a quarter",
  6: "a dotted quarter",
  8: "a half",
  12: "a dotted half",
  16: "a whole note",
};

/** @param {number} pitch @param {string} key */
function pitchName(pitch, key) {
  const name = pitch % 12 === 8 && WITH_A_FLAT.includes(key) ? "A♭" : PITCH_NAMES[pitch % 12];
  return `${name}${minus(String(Math.floor(pitch / 12) - 1))}`;
}

/** @type {(note: Note, key: string) => string} */
function noteName([pitch, duration], key) {
  const length = LENGTH_NAMES[duration] ?? `${duration} sixteenths`;
  return `${pitch ? pitchName(pitch, key) : "a rest"}, ${length}`;
}

/** @param {Values} values @param {Data} data */
export function compute({ melody, tempo, note }, { melodies }) {
  const { notes, key } = melodies[melody];
  const sixteenth = 15 / tempo;
  let now = 0;
  const starts = notes.map(([, duration]) => {
    now += duration;
    return (now - duration) * sixteenth;
  });
  const place = Math.min(note, notes.length);
  return {
    starts,
    durations: notes.map(([, duration]) => duration * sixteenth),
    hertz: notes.map(([pitch]) => (pitch ? 440 * 2 ** ((pitch - 69) / 12) : 0)),
    seconds: now * sixteenth,
    note: place,
    name: noteName(notes[place - 1], key),
  };
}

// ---------------------------------------------------------------- what they say

/** @type {(values: Values, result: Result) => string} */
export function sentence({ tempo }, { starts, hertz, seconds, note, name }) {
  const height = hertz[note - 1] ? `, ${formatNumber(hertz[note - 1])} Hz` : "";
  return (
    `Note ${note} of ${starts.length} is ${name}${height}; at ${tempo} quarters a minute ` +
    `the melody lasts ${formatNumber(seconds)} s.`
  );
}

// ---------------------------------------------------------------- the picture

const LEFT = 42;
const TOP = 34;
const BOTTOM = 268;
const HEIGHT = 300;
const FEWEST_ROWS = 12; // semitones shown, at least
const MOST_NAMED = 24; // rows that can all be named; of more, only C is
const MOST_LINES = 32; // bars with a line each

/**
 * Lowest and highest pitch shown: those that sound, and some more if they are few.
 *
 * @param {Note[]} notes
 * @returns {[low: number, high: number]}
 */
function rowsOf(notes) {
  const sounding = notes.map(([pitch]) => pitch).filter(Boolean);
  if (!sounding.length) sounding.push(60);
  const [low, high] = [Math.min(...sounding) - 1, Math.max(...sounding) + 1];
  const missing = Math.max(0, FEWEST_ROWS - (high - low + 1));
  return [low - Math.floor(missing / 2), high + Math.ceil(missing / 2)];
}

/**
 * Stripes of the black keys, and the names of the pitches that sound.
 *
 * @param {Melody} melody
 * @param {[low: number, high: number]} rows
 * @param {Scale} y
 * @param {number} row
 * @param {number} right
 */
function keyboard({ notes, key }, [low, high], y, row, right) {
  const sounding = new Set(notes.map(([pitch]) => pitch).filter(Boolean));
  const look = { ...END, fill: SOFT, "font-size": clip(row, 8, 12) };
  return range(high - low + 1).map((i) => {
    const pitch = low + i;
    const black = BLACK_KEYS.includes(((pitch % 12) + 12) % 12);
    const named = high - low < MOST_NAMED ? sounding.has(pitch) : pitch % 12 === 0;
    return (
      (black ? rect(LEFT, y(pitch), right - LEFT, row, { fill: LINE, "fill-opacity": 0.35 }) : "") +
      (named ? text(LEFT - 6, y(pitch) + row / 2 + 4, pitchName(pitch, key), look) : "")
    );
  });
}

/**
 * Bar lines, some of them with the number of the bar; of many bars those lines only.
 *
 * @type {(length: number, bar: number, x: Scale, width: number) => string[]}
 */
function bars(length, bar, x, width) {
  const count = Math.ceil(length / bar);
  const step = Math.ceil(count / (width < 480 ? 4 : 8));
  return range(count).map((i) => {
    const at = x(i * bar);
    const look = { fill: SOFT, "font-size": 12, "text-anchor": i ? "middle" : "start" };
    return (
      (i % step && count > MOST_LINES ? "" : segment(at, TOP, at, BOTTOM, { stroke: LINE })) +
      (i % step ? "" : text(at, BOTTOM + 18, i ? i + 1 : "bar 1", look))
    );
  });
}

/** @type {(values: Values, result: Result, melody: Melody, width: number) => string} */
function heading({ melody, tempo }, { seconds }, { key, metre }, width) {
  const about = [melody, key, metre].filter(Boolean).join(", ");
  const lasts = `; ${formatNumber(seconds)} s`;
  const longest = Math.floor((width - LEFT) / 7) - lasts.length;
  const whole = `${about}${lasts} at ${tempo} quarters a minute`;
  return whole.length * 7 < width - LEFT ? whole : shortened(about, longest) + lasts;
}

/** @type {(values: Values, result: Result, width: number, data: Data) => Picture} */
export function draw(values, result, width, { melodies }) {
  const melody = melodies[values.melody];
  const { notes, bar } = melody;
  const length = sum(notes.map(([, duration]) => duration));
  const right = width - 10;
  const rows = rowsOf(notes);
  const row = (BOTTOM - TOP) / (rows[1] - rows[0] + 1);
  const x = scale(0, length, LEFT, right);
  /** @param {number} pitch */
  const y = (pitch) => TOP + (rows[1] - pitch) * row; // of the upper edge
  let now = 0;
  const boxes = notes.map(([pitch, duration], i) => {
    const from = x(now);
    now += duration;
    const wide = Math.max(0.5, x(now) - from - 1);
    const pointed = i === result.note - 1;
    const look = { rx: 1.5, fill: pointed ? VERMILLION : BLUE };
    if (pitch) return rect(from + 0.5, y(pitch) + 0.5, wide, Math.max(0.5, row - 1), look);
    if (!pointed) return "";
    return rect(from + 0.5, TOP, wide, BOTTOM - TOP, { ...look, "fill-opacity": 0.25 });
  });
  const [pitch] = notes[result.note - 1];
  const at = x(result.starts[result.note - 1] / (15 / values.tempo));
  const name = text(at, y(pitch || rows[1]) + (pitch ? -4 : 14), result.name, {
    fill: VERMILLION,
    "font-weight": 600,
    stroke: PAPER,
    "stroke-width": 4,
    "paint-order": "stroke",
    "text-anchor": at > (LEFT + right) / 2 ? "end" : "start",
  });
  return {
    height: HEIGHT,
    svg: [
      text(LEFT, 18, heading(values, result, melody, width), { fill: INK, "font-size": 13 }),
      ...keyboard(melody, rows, y, row, right),
      ...bars(length, bar, x, width),
      rect(LEFT, TOP, right - LEFT, BOTTOM - TOP, { fill: "none", stroke: LINE }),
      ...boxes,
      name,
      segment(LEFT, TOP, LEFT, BOTTOM, {
        class: "unrolled-cursor",
        stroke: INK,
        "stroke-width": 2,
        visibility: "hidden",
        "data-from": LEFT,
        "data-to": right,
      }),
    ].join(""),
  };
}

// ---------------------------------------------------------------- the sound

const ATTACK = 0.01; // seconds
const LEAD = 0.06; // between the press and the first note, so that its start is not cut
const LOUDNESS = 0.25;

/**
 * One note: a triangle wave that comes fast, fades, and ends a little before the next.
 *
 * @param {AudioContext} context
 * @param {AudioNode} output
 * @param {number} hertz
 * @param {number} at
 * @param {number} duration
 */
function strike(context, output, hertz, at, duration) {
  const envelope = context.createGain();
  envelope.gain.setValueAtTime(0, at);
  envelope.gain.linearRampToValueAtTime(1, at + ATTACK);
  envelope.gain.exponentialRampToValueAtTime(0.4, at + 0.75 * duration);
  envelope.gain.linearRampToValueAtTime(0, at + 0.97 * duration);
  const tone = context.createOscillator();
  tone.type = "triangle";
  tone.frequency.value = hertz;
  tone.connect(envelope).connect(output);
  tone.start(at);
  tone.stop(at + duration);
}

/**
 * Play from a note on; now() is the place in the melody in seconds.
 *
 * @param {typeof AudioContext} Context
 * @param {Result} result
 * @param {number} first
 */
function startSound(Context, { starts, durations, hertz }, first) {
  const context = new Context();
  const output = context.createGain();
  output.gain.value = LOUDNESS;
  output.connect(context.destination);
  const zero = context.currentTime + LEAD - starts[first];
  starts.forEach((start, i) => {
    if (i >= first && hertz[i]) strike(context, output, hertz[i], zero + start, durations[i]);
  });
  context.resume().catch(() => {}); // where it stays silent, the button's owner says so
  return {
    now: () => Math.max(starts[first], context.currentTime - zero),
    silent: () => context.currentTime === 0,
    stop() {
      output.gain.setTargetAtTime(0, context.currentTime, 0.012); // no click
      setTimeout(() => context.close(), 80);
    },
  };
}

// ---------------------------------------------------------------- the button

const NO_SOUND =
  "This browser has no Web Audio, so the melody cannot be heard here; the picture shows it.";
const SILENT = "The browser has not started the sound: is an audio device connected?";
const PLAYS = "unrolled-plays"; // an event of the page: who starts to play silences the others

/** @typedef {ReturnType<typeof startSound>} Sound */
/** @typedef {{ sound: Sound, doubt: number, seconds: number, frame: number }} Playing */

const roll = explorer({ compute, sentence, draw });

/** What the page certainly has. @type {(place: Element, selector: string) => Element} */
const found = (place, selector) => /** @type {Element} */ (place.querySelector(selector));

/** Where the melody begins and ends. @param {Element} cursor @returns {[number, number]} */
const ends = (cursor) => [
  Number(cursor.getAttribute("data-from")),
  Number(cursor.getAttribute("data-to")),
];

/** @param {View<ExplorerState<Values, Data>>} view */
function render(view) {
  const { model, el } = view;
  const remove = roll.render(view);
  const root = found(el, ".unrolled-widget");
  const picture = /** @type {SVGSVGElement} */ (found(root, "svg"));
  const [sign, word] = [element("span", { "aria-hidden": "true" }), element("span")];
  const button = element("button", { type: "button", class: "unrolled-button" }, sign, word);
  const notice = element("p", { role: "status", class: "unrolled-notice" });
  /** @type {Playing | null} */
  let playing = null;

  /** What the page shows now. */
  const shown = () => compute(currentValues(model), model.get("page").data);

  /** The line at the place in the melody; a new one after each drawing. */
  const cursor = () => found(picture, ".unrolled-cursor");

  function label() {
    sign.textContent = playing ? "■ " : "▶ ";
    word.textContent = playing ? "Stop" : "Play";
  }

  function stop() {
    if (!playing) return;
    cancelAnimationFrame(playing.frame);
    clearTimeout(playing.doubt);
    playing.sound.stop();
    playing = null;
    cursor().setAttribute("visibility", "hidden");
    label();
  }

  function follow() {
    if (!playing) return;
    const { sound, seconds } = playing;
    // The end, or another output in this place.
    if (sound.now() >= seconds || !root.isConnected) {
      stop();
      return;
    }
    const line = cursor();
    const x = scale(0, seconds, ...ends(line))(sound.now()).toFixed(1);
    line.setAttribute("x1", x);
    line.setAttribute("x2", x);
    line.setAttribute("visibility", "visible");
    playing.frame = requestAnimationFrame(follow);
  }

  function play() {
    const Context = globalThis.AudioContext;
    notice.textContent = Context ? "" : NO_SOUND;
    if (!Context) return;
    document.dispatchEvent(new CustomEvent(PLAYS));
    const result = shown();
    const sound = startSound(Context, result, result.note - 1);
    const doubt = setTimeout(() => {
      if (sound.silent()) notice.textContent = SILENT;
    }, 1500);
    playing = { sound, doubt, seconds: result.seconds, frame: 0 };
    label();
    follow();
  }

  /** A press on the picture points to the note at that time. @param {MouseEvent} event */
  function point({ clientX }) {
    const { x } = new DOMPoint(clientX, 0).matrixTransform(picture.getScreenCTM()?.inverse());
    const { starts, seconds } = shown();
    const time = scale(...ends(cursor()), 0, seconds)(x);
    const note = Math.max(1, starts.filter((start) => start <= time).length);
    moveSlider(last(slidersIn(root)), note);
  }

  label();
  found(root, ".unrolled-controls").append(button);
  root.append(notice);
  button.addEventListener("click", () => (playing ? stop() : play()));
  picture.style.cursor = "pointer";
  picture.addEventListener("click", point);
  document.addEventListener(PLAYS, stop);
  model.on("change:values", stop);
  model.on("change:page", stop);
  return () => {
    stop();
    document.removeEventListener(PLAYS, stop);
    model.off("change:values", stop);
    model.off("change:page", stop);
    remove();
  };
}

export default { render };
