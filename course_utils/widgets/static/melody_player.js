/* A piano roll that sounds. See melody_player.py: the same numbers, sentence and picture.
 * The sound is made here, by Web Audio, and only after a press of the button. */

// ---------------------------------------------------------------- the numbers

const PITCH_NAMES = ["C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "G♯", "A", "B♭", "B"];
const WITH_A_FLAT = ["C minor", "F minor", "B♭ minor", "E♭ major", "A♭ major", "D♭ major"]; // not G♯
const BLACK_KEYS = [1, 3, 6, 8, 10];
const LENGTH_NAMES = {
  1: "a sixteenth", 2: "an eighth", 3: "a dotted eighth", 4: "a quarter",
  6: "a dotted quarter", 8: "a half", 12: "a dotted half", 16: "a whole note",
};

function pitchName(pitch, key) {
  const name = pitch % 12 === 8 && WITH_A_FLAT.includes(key) ? "A♭" : PITCH_NAMES[pitch % 12];
  return `${name}${minus(String(Math.floor(pitch / 12) - 1))}`;
}

const noteName = ([pitch, duration], key) =>
  `${pitch ? pitchName(pitch, key) : "a rest"}, ${LENGTH_NAMES[duration] ?? `${duration} sixteenths`}`;

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

export function sentence({ tempo }, { starts, hertz, seconds, note, name }) {
  const height = hertz[note - 1] ? `, ${formatNumber(hertz[note - 1])} Hz` : "";
  return `Note ${note} of ${starts.length} is ${name}${height}; at ${tempo} quarters a minute ` +
    `the melody lasts ${formatNumber(seconds)} s.`;
}

// ---------------------------------------------------------------- the picture

const LEFT = 42;
const TOP = 34;
const BOTTOM = 268;
const HEIGHT = 300;
const FEWEST_ROWS = 12; // semitones shown, at least
const MOST_NAMED = 24; // rows that can all be named; of more, only C is
const MOST_LINES = 32; // bars with a line each

/** Lowest and highest pitch shown: those that sound, and some more if they are few. */
function rowsOf(notes) {
  const sounding = notes.map(([pitch]) => pitch).filter(Boolean);
  if (!sounding.length) sounding.push(60);
  const [low, high] = [Math.min(...sounding) - 1, Math.max(...sounding) + 1];
  const missing = Math.max(0, FEWEST_ROWS - (high - low + 1));
  return [low - Math.floor(missing / 2), high + Math.ceil(missing / 2)];
}

/** Stripes of the black keys, and the names of the pitches that sound. */
function keyboard({ notes, key }, [low, high], y, row, right) {
  const sounding = new Set(notes.map(([pitch]) => pitch).filter(Boolean));
  return Array.from({ length: high - low + 1 }, (_, i) => low + i).map((pitch) => {
    const black = BLACK_KEYS.includes(((pitch % 12) + 12) % 12);
    const named = high - low < MOST_NAMED ? sounding.has(pitch) : pitch % 12 === 0;
    return (black ? tag("rect", { x: LEFT, y: y(pitch), width: right - LEFT, height: row, fill: LINE, "fill-opacity": 0.35 }) : "") +
      (named ? text(LEFT - 6, y(pitch) + row / 2 + 4, pitchName(pitch, key), { "text-anchor": "end", fill: SOFT, "font-size": Math.max(8, Math.min(12, row)) }) : "");
  });
}

/** Bar lines, some of them with the number of the bar; of many bars those lines only. */
function bars(length, bar, x, width) {
  const count = Math.ceil(length / bar);
  const step = Math.ceil(count / (width < 480 ? 4 : 8));
  return Array.from({ length: count }, (_, i) => {
    const at = x(i * bar);
    return (i % step && count > MOST_LINES ? "" : tag("line", { x1: at, x2: at, y1: TOP, y2: BOTTOM, stroke: LINE })) +
      (i % step ? "" : text(at, BOTTOM + 18, i ? i + 1 : "bar 1", { fill: SOFT, "font-size": 12, "text-anchor": i ? "middle" : "start" }));
  });
}

function heading({ melody, tempo }, { seconds }, { key, metre }, width) {
  const about = [melody, key, metre].filter(Boolean).join(", ");
  const lasts = `; ${formatNumber(seconds)} s`;
  const longest = Math.floor((width - LEFT) / 7) - lasts.length;
  const short = about.length > longest ? `${about.slice(0, longest - 1)}…` : about;
  const whole = `${about}${lasts} at ${tempo} quarters a minute`;
  return whole.length * 7 < width - LEFT ? whole : short + lasts;
}

export function draw(values, result, width, { melodies }) {
  const { notes, bar, ...about } = melodies[values.melody];
  const length = notes.reduce((sum, [, duration]) => sum + duration, 0);
  const right = width - 10;
  const rows = rowsOf(notes);
  const row = (BOTTOM - TOP) / (rows[1] - rows[0] + 1);
  const x = scale(0, length, LEFT, right);
  const y = (pitch) => TOP + (rows[1] - pitch) * row; // of the upper edge
  let now = 0;
  const boxes = notes.map(([pitch, duration], i) => {
    const from = x(now);
    now += duration;
    const box = { x: from + 0.5, width: Math.max(0.5, x(now) - from - 1), rx: 1.5 };
    const pointed = i === result.note - 1;
    if (pitch) return tag("rect", { ...box, y: y(pitch) + 0.5, height: Math.max(0.5, row - 1), fill: pointed ? VERMILLION : BLUE });
    return pointed ? tag("rect", { ...box, y: TOP, height: BOTTOM - TOP, fill: VERMILLION, "fill-opacity": 0.25 }) : "";
  });
  const [pitch] = notes[result.note - 1];
  const at = x(result.starts[result.note - 1] / (15 / values.tempo));
  const name = text(at, y(pitch || rows[1]) + (pitch ? -4 : 14), result.name, {
    fill: VERMILLION, "font-weight": 600, stroke: PAPER, "stroke-width": 4, "paint-order": "stroke", "text-anchor": at > (LEFT + right) / 2 ? "end" : "start",
  });
  return {
    height: HEIGHT,
    svg: [
      text(LEFT, 18, heading(values, result, about, width), { fill: INK, "font-size": 13 }),
      ...keyboard(melodies[values.melody], rows, y, row, right),
      ...bars(length, bar, x, width),
      tag("rect", { x: LEFT, y: TOP, width: right - LEFT, height: BOTTOM - TOP, fill: "none", stroke: LINE }),
      ...boxes,
      name,
      tag("line", { class: "unrolled-cursor", x1: LEFT, x2: LEFT, y1: TOP, y2: BOTTOM, stroke: INK, "stroke-width": 2, visibility: "hidden", "data-from": LEFT, "data-to": right }),
    ].join(""),
  };
}

// ---------------------------------------------------------------- the sound

const ATTACK = 0.01; // seconds
const LEAD = 0.06; // between the press and the first note, so that its start is not cut
const LOUDNESS = 0.25;

/** One note: a triangle wave that comes fast, fades, and ends a little before the next. */
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

/** Play from a note on: { now(), stop() }; now() is the place in the melody in seconds. */
function startSound(AudioContext, { starts, durations, hertz }, first) {
  const context = new AudioContext();
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

const NO_SOUND = "This browser has no Web Audio, so the melody cannot be heard here; the picture shows it.";
const SILENT = "The browser has not started the sound: is an audio device connected?";
const PLAYS = "unrolled-plays"; // an event of the page: who starts to play silences the others

const roll = explorer({ compute, sentence, draw });

function render(view) {
  const { model, el } = view;
  const remove = roll.render(view);
  const root = el.querySelector(".unrolled-widget");
  const picture = root.querySelector("svg");
  const [sign, word] = [element("span", { "aria-hidden": "true" }), element("span")];
  const button = element("button", { type: "button", class: "unrolled-button" }, sign, word);
  const notice = element("p", { role: "status", class: "unrolled-notice" });
  let playing = null;

  /** What the page shows now: the values of the controls, and what follows from them. */
  function shown() {
    const { controls, data } = model.get("page");
    const start = Object.fromEntries(controls.map(({ name, value }) => [name, value]));
    return compute({ ...start, ...model.get("values") }, data);
  }

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
    picture.querySelector(".unrolled-cursor").setAttribute("visibility", "hidden");
    label();
  }

  function follow() {
    const { sound, seconds } = playing;
    if (sound.now() >= seconds || !root.isConnected) { // the end, or another output in this place
      stop();
      return;
    }
    const cursor = picture.querySelector(".unrolled-cursor"); // a new one after each drawing
    const { from, to } = cursor.dataset;
    const x = scale(0, seconds, Number(from), Number(to))(sound.now());
    cursor.setAttribute("x1", x.toFixed(1));
    cursor.setAttribute("x2", x.toFixed(1));
    cursor.setAttribute("visibility", "visible");
    playing.frame = requestAnimationFrame(follow);
  }

  function play() {
    const AudioContext = globalThis.AudioContext ?? globalThis.webkitAudioContext;
    notice.textContent = AudioContext ? "" : NO_SOUND;
    if (!AudioContext) return;
    document.dispatchEvent(new CustomEvent(PLAYS));
    const result = shown();
    const sound = startSound(AudioContext, result, result.note - 1);
    const doubt = setTimeout(() => {
      if (sound.silent()) notice.textContent = SILENT;
    }, 1500);
    playing = { sound, doubt, seconds: result.seconds };
    label();
    follow();
  }

  /** A press on the picture points to the note at that time. */
  function point({ clientX }) {
    const { from, to } = picture.querySelector(".unrolled-cursor").dataset;
    const { x } = new DOMPoint(clientX, 0).matrixTransform(picture.getScreenCTM().inverse());
    const { starts, seconds } = shown();
    const time = scale(Number(from), Number(to), 0, seconds)(x);
    const note = Math.max(1, starts.filter((start) => start <= time).length);
    const slider = [...root.querySelectorAll("input[type=range]")].at(-1);
    slider.value = note;
    slider.dispatchEvent(new Event("input"));
  }

  label();
  root.querySelector(".unrolled-controls").append(button);
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
