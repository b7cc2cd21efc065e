/** Short tones for people who look at the shelf and not at the screen: a high one for right, a low one for wrong. */
let sound: AudioContext | undefined;

export function playTone(kind: "right" | "wrong"): void {
  try {
    sound ??= new AudioContext();
    const oscillator = sound.createOscillator();
    const volume = sound.createGain();
    const [pitchHz, seconds] = kind === "right" ? [880, 0.12] : [160, 0.4];
    oscillator.type = kind === "right" ? "sine" : "square";
    oscillator.frequency.value = pitchHz;
    volume.gain.value = 0.15;
    oscillator.connect(volume).connect(sound.destination);
    oscillator.start();
    oscillator.stop(sound.currentTime + seconds);
  } catch {
    // A device without sound shows the same in colours and words.
  }
}
