"""What an accelerator mixes, draws and trains, tried on the processor: seconds of each job on made-up speech and noise."""

import subprocess
import sys
import time
import unittest

import numpy as np

from . import torch

try:
    from ..train import channels, corpora, device, device_mixing, device_pools, device_variants, emotion_network, enhancer, pack, speech
except ImportError as error:
    raise unittest.SkipTest(f"{error}: install what models/train/README.md names") from error
from ..train.emotion_network import EmotionNetwork
from .made_up import MadeUp, SECOND, voice


class DeviceCase(MadeUp):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        pack.pack(cls.folder, cls.folder, cls.folder / "pack")
        cls.corpora = pack.load(cls.folder / "pack")
        cls.mixer = device_mixing.Mixer(cls.corpora, torch.device("cpu"), 1, bank_rows=4)

    def test_packed_audio_is_read_back_in_time_and_only_of_training_speakers(self):
        audio = voice(np.random.default_rng(0), 2.02)
        found = pack.unpacked(pack.packed(audio))
        self.assertEqual(found.shape, audio.shape)
        self.assertGreater(np.corrcoef(found, audio)[0, 1], 0.95)
        corpus = corpora.Corpus(self.folder, "crema-d")
        of = [i for i, name in enumerate(corpus.names) if corpora.split_of_speaker("crema-d", name) == "train"]
        expected = np.concatenate([corpus.audio[corpus.starts[i]:corpus.ends[i]] for i in of])
        self.assertGreater(np.corrcoef(self.corpora["crema-d"]["audio"], expected)[0, 1], 0.95)
        self.assertEqual(self.corpora["crema-d"]["targets"].shape, (6, 7))

    def test_band_of_the_device_is_that_of_channels(self):
        self.mixer.host = np.random.default_rng(3)
        gain, x = self.mixer.bands(40, SECOND), torch.randn(1, SECOND)
        limited = [channels.band_limited(x[0].numpy(), *band) for band in channels.BANDS.values()] + [x[0].numpy()]
        for row in device_mixing.filtered(x, gain):
            self.assertLess(min(np.abs(row.numpy() - other).max() for other in limited), 1e-4)

    def test_mixtures_have_the_wanted_ratio_on_active_frames(self):
        speech, (noise, _) = self.mixer.speech(4, 2 * SECOND), self.mixer.noise(4, 2 * SECOND)
        ratio = device_mixing.active_power(speech) / device_mixing.active_power(self.mixer.mixed(speech, noise, 5.0) - speech)
        self.assertTrue(torch.allclose(10 * ratio.log10(), torch.full((4, 1), 5.0), atol=0.1))

    def test_clean_speech_stays_its_own_target_but_for_disturbances(self):
        speech = self.mixer.speech(16, SECOND)
        noisy, clean = self.mixer.channel(speech, speech, 1.0)
        self.assertTrue(torch.isfinite(noisy).all())
        self.assertGreater(int(((noisy - clean).abs().amax(1) < 1e-6).sum()), 8)

    def test_noise_of_a_fold_is_told_and_no_other_is_drawn(self):
        _, folds = self.mixer.noise(64, SECOND)
        self.assertEqual(set(folds.tolist()), {0, 1, 2})

    def test_the_detectors_pool_says_who_speaks_when(self):
        pool = device_pools.SpeechPool(self.mixer, enhancer.Enhancer().eval(), 16)
        device_pools.filled(pool, 8)
        self.assertEqual(pool.tensors["mel"].shape, (16, 2, 160, speech.BANDS))
        self.assertTrue(torch.isfinite(pool.mel).all() and (pool.mel > 0).all())
        share = pool.spoken.float().mean(1)
        self.assertTrue(0 < int((share == 0).sum()) < 16)
        self.assertTrue((share[share > 0] > speech.SPOKEN).all())

    def test_jobs_learn_side_by_side_and_leave_weights_that_load(self):
        jobs = ("enhancer", "speech", "speech-without-1", "emotion-adversary", "emotion-rooms", "emotion-rooms-without-ased",
                "emotion-taught-without-ased")
        command = self.command("made", jobs, "2")
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("7 jobs done", done.stdout)
        for job in jobs:
            state = torch.load(self.folder / "made" / f"{job}.pt", weights_only=True)
            network = enhancer.Enhancer() if job == "enhancer" else speech.SpeechDetector() if job in device.SPEECH else EmotionNetwork()
            network.load_state_dict(state)
            self.assertTrue(all(torch.isfinite(p).all() for p in network.parameters()))

    def test_jobs_end_with_whoever_began_them(self):
        begun = subprocess.Popen(self.command("cut", ("enhancer", "speech"), "600"), stdout=subprocess.PIPE, text=True)
        self.assertIn("unpacked", begun.stdout.readline())  # the jobs begin
        deadline = time.monotonic() + 300
        while not (self.folder / "cut" / "enhancer.pt").exists() and time.monotonic() < deadline:
            time.sleep(0.2)
        self.assertTrue((self.folder / "cut" / "enhancer.pt").exists())
        begun.kill()
        begun.communicate(timeout=60)  # until nobody holds its output any more

    def command(self, target, jobs, seconds):
        return [sys.executable, "-m", "models.train.device", "--pack", self.folder / "pack", "--target", self.folder / target, "--device", "cpu",
                "--jobs", *jobs, "--enhancer-seconds", seconds, "--seconds", seconds, "--taught-seconds", seconds, "--rows", "4", "--fitted", "8",
                "--versions", "2", "--speech-excerpts", "8"]


class VariantsCase(unittest.TestCase):
    def test_an_adversary_learns_what_the_network_is_to_forget(self):
        adversary = device_variants.Adversary(3, 2, 0.5)
        adversary.step = device_variants.WARM_UP_STEPS
        seen, alone = torch.randn(8, 3, requires_grad=True), torch.arange(8)
        adversary([seen], torch.tensor([0, 1] * 4), alone, torch.ones(8)).backward()
        turned = seen.grad.clone()
        seen.grad = None
        plain = torch.nn.functional.cross_entropy(adversary.layers(seen), torch.tensor([0, 1] * 4))
        plain.backward()
        self.assertTrue(torch.allclose(turned, -0.5 * seen.grad, atol=1e-6))

    def test_another_room_keeps_the_shape_and_some_rows(self):
        powers = [torch.rand(32, 64, 400) + 0.1 for _ in range(2)]
        powers[0][3] = 1e-9
        powers[0][3, :, 7] = 1e4
        heard = emotion_network.other_room(*powers)
        same = torch.stack([(a - b).abs().amax((1, 2)) < 1e-3 for a, b in zip(heard, powers)])
        self.assertTrue(torch.isfinite(torch.cat(heard)).all())
        self.assertTrue(0 < int(same[0].sum()) < 32)
