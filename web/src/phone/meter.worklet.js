/** Level of one audio input: RMS and peak of each 50 ms, sent to the page. Runs on the audio thread, so it allocates nothing per block. */
const PERIOD_SECONDS = 0.05;

class Meter extends AudioWorkletProcessor {
  constructor() {
    super();
    this.period = Math.round(sampleRate * PERIOD_SECONDS);
    this.count = 0;
    this.sum = 0;
    this.peak = 0;
  }

  process(inputs) {
    const samples = inputs[0]?.[0];
    if (!samples) return true;
    for (const sample of samples) {
      this.sum += sample * sample;
      this.peak = Math.max(this.peak, Math.abs(sample));
    }
    this.count += samples.length;
    if (this.count >= this.period) {
      this.port.postMessage([Math.sqrt(this.sum / this.count), this.peak]);
      this.count = 0;
      this.sum = 0;
      this.peak = 0;
    }
    return true;
  }
}

registerProcessor('dialplane-meter', Meter);
