"""Training on a few seconds of made-up speech and noise: shapes, splits, channels, and three steps of each network."""

import unittest
import unittest.mock

import numpy as np

from . import torch

try:
    from ..train import blocks, channels, corpora, emotion, enhancer, leave_out, mixing, reconstitution, snr_level, speech, transformer_judge
except ImportError as error:
    raise unittest.SkipTest(f"{error}: install what models/train/README.md names") from error
from ..shared import similarity
from ..shared.similarity import DenseSnrLevel
from ..train.emotion_network import EmotionNetwork
from ..train.waveform_network import WaveformNetwork
from .made_up import MadeUp, SECOND, voice


class CorporaCase(MadeUp):
    def test_speakers_of_a_split_are_in_no_other(self):
        for name in corpora.SPEECH:
            splits = {}
            for clip in corpora.Corpus(self.folder, name).names:
                splits.setdefault(corpora.speaker_of(name, clip), set()).add(corpora.split_of_speaker(name, clip))
            self.assertTrue(all(len(found) == 1 for found in splits.values()), splits)

    def test_the_last_ten_actors_are_for_test_and_the_ten_before_them_for_validation(self):
        found = [corpora.split_of_speaker("crema-d", f"{actor}_DFA_ANG_XX") for actor in range(1001, 1076)]
        self.assertEqual([found.count(split) for split in ("train", "validation", "test")], [55, 10, 10])
        self.assertEqual(found[-20:], ["validation"] * 10 + ["test"] * 10)

    def test_votes_are_counts_in_the_order_of_the_emotions(self):
        self.assertEqual(corpora.votes(self.folder)["1001_DFA_NEU_XX"].tolist(), [4, 3, 0, 1, 2, 0, 0])

    def test_a_clip_that_nobody_heard_has_the_emotion_that_was_meant(self):
        found = corpora.soft_targets("crema-d", ["1040_ITH_SAD_X", "1001_DFA_SAD_XX"], corpora.votes(self.folder))
        self.assertTrue(np.allclose(found, [[0, 0, 1, 0, 0, 0, 0], [0.2, 0.15, 0.5, 0.05, 0.1, 0, 0]]))

    def test_sources_of_a_split_draw_its_clips_alone(self):
        for split in ("train", "validation", "test"):
            for corpus, indices in mixing.Sources(self.folder, split).noise:
                self.assertEqual({corpora.split_of_noise(corpus.name, corpus.names[i]) for i in indices}, {split})


class ChannelCase(unittest.TestCase):
    def setUp(self):
        self.random = np.random.default_rng(1)
        self.x = (0.05 * self.random.standard_normal(2 * SECOND)).astype(np.float32)

    def test_clean_speech_stays_its_own_target(self):
        for _ in range(50):
            channel = channels.Channel(self.random, self.x)
            y = channel(self.x)
            self.assertEqual((y.shape, y.dtype), (self.x.shape, np.float32))
            self.assertTrue(np.isfinite(channel.recorded(self.x)).all())
            if channel.disturbance is None:
                self.assertTrue(np.array_equal(channel.recorded(self.x), y))

    def test_telephone_holds_nothing_outside_its_band(self):
        power = np.abs(np.fft.rfft(channels.band_limited(self.x, *channels.BANDS["telephone"]))) ** 2
        hertz = np.fft.rfftfreq(len(self.x), 1 / SECOND)
        self.assertLess(power[(hertz < 280) | (hertz > 3620)].sum(), 1e-6 * power.sum())
        self.assertGreater(power[(hertz > 320) & (hertz < 3380)].sum(), 0.95 * power.sum())

    def test_companding_costs_what_eight_bits_do(self):
        for law in ("mu", "a"):
            error = channels.companded(self.x, law, 0.5) - self.x
            self.assertAlmostEqual(10 * np.log10((self.x ** 2).mean() / (error ** 2).mean()), 38, delta=1.5)

    def test_above_rumble_takes_offset_and_rumble_and_leaves_voices(self):
        n = np.arange(2 * SECOND) / SECOND
        tone = lambda hertz: np.sin(2 * np.pi * hertz * n)
        kept = lambda x: np.mean(channels.above_rumble(x)[SECOND:] ** 2) / np.mean(x[SECOND:] ** 2)
        self.assertLess(kept(np.ones_like(n)), 1e-9)
        self.assertLess(kept(tone(30)), 2e-3)
        self.assertGreater(kept(tone(120)), 0.95)

    def test_tones_are_never_silent(self):
        for _ in range(50):
            self.assertGreater(mixing.active_power(channels.tones(self.random, SECOND)), 0)


class ShapesCase(unittest.TestCase):
    def test_enhancer_answers_in_the_shape_of_the_question(self):
        network = enhancer.Enhancer().eval()
        with torch.no_grad():
            for frames in (1, 7):
                self.assertEqual(network(torch.randn(2, 2, frames, 257)).shape, (2, 2, frames, 257))

    def test_fresh_enhancer_changes_nothing(self):
        x = torch.randn(1, 9000)
        with torch.no_grad():
            self.assertLess(float((enhancer.enhance(enhancer.Enhancer().eval(), x) - x).abs().max()), 1e-3)
            self.assertLess(float((blocks.enhance_blocks(enhancer.Enhancer().eval(), x[0]) - x[0]).abs().max()), 1e-3)

    def test_emotion_networks_answer_labels_and_attributes_within_their_range(self):
        for made in (EmotionNetwork, WaveformNetwork):
            with torch.no_grad():
                logits, attributes = made().eval()(torch.randn(2, 8000))
            self.assertEqual((logits.shape, attributes.shape), ((2, 4), (2, 3)))
            self.assertTrue(((attributes >= 1) & (attributes <= 5)).all())

    def test_emotion_does_not_depend_on_the_level(self):
        network, x = EmotionNetwork().eval(), torch.randn(1, 9000)
        with torch.no_grad():
            self.assertTrue(torch.allclose(network(x)[0], network(0.01 * x)[0], atol=1e-3))

    def test_a_transformer_hears_what_the_convolutions_see(self):
        network, waveform = transformer_judge.TransformerJudge(EmotionNetwork()).eval(), torch.randn(2, SECOND)
        with torch.no_grad():
            logits, seen = network(waveform), network.seen(waveform)
        self.assertEqual((list(logits.shape), list(seen.shape)), ([2, 4], [2, 49, transformer_judge.CHANNELS]))
        self.assertLess((logits - network.judge(seen)[:, :4]).abs().max().item(), 1e-5)


class EnhancerTrainingCase(MadeUp):
    def test_takes_three_steps_and_resumes(self):
        training = enhancer.Training(self.folder, 10, seed=1)
        before = [p.clone() for p in training.network.parameters()]
        with unittest.mock.patch.object(enhancer, "BATCH", 3):
            losses = [training.descend() for _ in range(3)]
        self.assertTrue(np.isfinite(losses).all())
        self.assertTrue(any(not torch.equal(a, b) for a, b in zip(before, training.network.parameters())))
        training.save()
        resumed = enhancer.Training(self.folder, 10, seed=1)
        self.assertEqual(resumed.step, 3)
        self.assertTrue(all(torch.equal(a, b) for a, b in zip(training.network.parameters(), resumed.network.parameters())))
        found = enhancer.evaluate(resumed.network, mixing.Sources(self.folder, "validation"), count=8)
        self.assertEqual(found.keys(), enhancer.CONDITIONS.keys())


class EmotionTrainingCase(MadeUp):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        torch.save({"network": enhancer.Enhancer().state_dict()}, cls.folder / "enhancer.pt")
        torch.save({"network": DenseSnrLevel().state_dict(), "gate": (0.1, None, None), "mixRange": (0, 1)}, cls.folder / "snr-level.pt")
        for split in ("train", "validation", "test"):
            for name in corpora.EMOTION_CORPORA:
                reconstitution.prepare(cls.folder, split, name, 1, 1)

    def test_takes_three_steps_on_reconstituted_speech_and_is_measured(self):
        run = emotion.Run(data=str(self.folder), work=str(self.folder), steps=3, augment=True)
        with unittest.mock.patch.object(emotion, "BATCH", 8):
            emotion.finish(run, emotion.train(run))
        self.assertEqual(torch.load(run.checkpoint)["step"], 3)
        with torch.no_grad():
            logits, _ = emotion.load(self.folder)(torch.randn(1, 16000))
        self.assertTrue(torch.isfinite(logits).all())

    def test_soft_targets_are_half_the_listeners_and_half_the_actor(self):
        examples = emotion.Examples(self.folder, self.folder, ["train"], "nrser")
        row = examples.rows.names.index("1001_DFA_SAD_XX")
        self.assertTrue(np.allclose(examples.targets[row], [0.2, 0.15, 0.5, 0.05, 0.1, 0, 0]))


class GateCase(unittest.TestCase):
    @staticmethod
    def seen(random, count, odds):
        return {"score": random.normal(0.5, 0.2, count), "kept": random.normal(-3, 1, count), "odds": random.normal(odds, 1, count)}

    def test_it_keeps_enough_of_both_kinds_and_rejects_more_by_what_tells_them_apart(self):
        random = np.random.default_rng(5)
        seen = {0: self.seen(random, 200, 4), snr_level.TELEPHONE: self.seen(random, 200, 3), -np.inf: self.seen(random, 200, -2)}
        whole, without, alone = snr_level.gate(seen)
        for made in (whole, without, alone):
            self.assertTrue(all(made.passes(seen[kind]).mean() >= snr_level.KEPT_AT_0_DB for kind in (0, snr_level.TELEPHONE)))
        self.assertGreater(snr_level.rejected(seen, whole), 0.95)
        self.assertLess(snr_level.rejected(seen, without), 0.2)
        self.assertLessEqual(snr_level.rejected(seen, alone), snr_level.rejected(seen, without))

    def test_what_is_no_number_does_not_pass(self):
        gate = snr_level.Gate(0.0, None, 1.0)
        seen = {"score": np.ones(2), "kept": np.zeros(2), "odds": np.array([np.nan, 2])}
        self.assertEqual(gate.passes(seen).tolist(), [False, True])


class SpeechCase(unittest.TestCase):
    def test_power_is_the_mean_of_four_frames(self):
        x = torch.randn(2, 4321)
        found = speech.power(x, 0.5 * x)
        squares = (torch.stft(x, 400, 100, window=similarity.WINDOW, center=True, return_complex=True).abs() ** 2).transpose(1, 2)
        self.assertEqual(found.shape, (2, 2, 11, 201))
        self.assertTrue(torch.allclose(found[:, 0, 3], squares[:, 12:16].mean(1), rtol=1e-4))
        self.assertTrue(torch.allclose(found[:, 1], found[:, 0] / 4, rtol=1e-4))

    def test_the_answer_does_not_depend_on_the_level(self):
        network, x = speech.SpeechDetector().eval(), torch.randn(1, 9000)
        with torch.no_grad():
            self.assertTrue(torch.allclose(network(speech.power(x, x)), network(speech.power(0.01 * x, 0.01 * x)), atol=1e-3))

    def test_a_voice_is_active_where_it_is_loud(self):
        x = torch.zeros(2, SECOND)
        x[0, :SECOND // 2] = torch.randn(SECOND // 2)
        found = speech.active(x)
        self.assertEqual(found.shape, (2, 40))
        self.assertTrue(found[0, :19].all() and not found[0, 21:].any() and not found[1].any())


class TrustCase(unittest.TestCase):
    def test_the_line_is_found_again_from_answers_that_are_right_as_often_as_it_says(self):
        random = np.random.default_rng(2)
        logits = torch.from_numpy(random.normal(0, 2, (20000, 4))).float()
        chance = leave_out.trust(logits, (0.6, -0.4))
        labels = np.where(random.random(len(chance)) < chance, logits.argmax(1).numpy(), -1)
        slope, offset = leave_out.fitted_line([{"clean": (logits, labels)}])
        self.assertAlmostEqual(slope, 0.6, delta=0.05)
        self.assertAlmostEqual(offset, -0.4, delta=0.08)
        found = leave_out.judged(logits, labels, (slope, offset))
        self.assertLess(found["calibrationErrorOfTrust"], 0.02)
        self.assertGreater(found["calibrationErrorOfConfidence"], 0.1)
        self.assertGreater(found["rightOfTheTrustedHalf"], found["right"] + 0.05)

    def test_an_adapted_network_has_the_scale_of_what_it_heard(self):
        random, network = np.random.default_rng(3), EmotionNetwork().eval()
        waves = [voice(random, 1.2).astype(np.float32) / 32768 for _ in range(16)]
        scaled = leave_out.adapted(network, waves)
        with torch.no_grad():
            seen = torch.cat([scaled.statistics(*scaled.front_end(torch.from_numpy(wave)[None])) for wave in waves])
        self.assertLess(seen.mean(0).abs().max().item(), 0.5)  # but for what is clipped
        self.assertEqual(network.statistics.mean.abs().max().item(), 0)
        self.assertFalse(any(module.training for module in scaled.modules()))


class RidgeCase(unittest.TestCase):
    def test_ridge_is_least_squares_where_nothing_is_penalised(self):
        random = np.random.default_rng(0)
        inputs = random.standard_normal((50, 4))
        weights, bias = snr_level.ridge(inputs, inputs @ [1, 2, 3, 4] + 5, 1e-9)
        self.assertTrue(np.allclose([*weights, bias], [1, 2, 3, 4, 5]))
