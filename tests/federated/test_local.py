"""What a client does with its own rows, against closed forms and ordinary training. Flower is not needed."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from fairwitness.core.digest import digest
from fairwitness.core.subject import Rows
from fairwitness.federated.local import Client, Local
from fairwitness.federated.parcels import Parcel
from fairwitness.torchkit.recipes.classifier import answers
from fairwitness.torchkit.training import Schedule, seeded, train
from support import federations

LINEAR = {"hidden": (), "dropout": 0.0, "held": 0.0}


def clients(tmp_path: Path, *sizes: int, **options: object) -> list[Client]:
    """Clients that have all taken the network of the first."""
    made = []
    for parcel in federations.parcels(*sizes, **options):
        folder = tmp_path / parcel.name
        parcel.save(folder)
        made.append(Client(Parcel.load(folder), folder))
    description, weights = made[0].first()
    for client in made:
        client.take(description, weights)
    return made


def start(client: Client) -> dict[str, Tensor]:
    return {name: tensor.clone() for name, tensor in client.model.module.state_dict().items()}


def test_one_full_step_of_each_averaged_by_rows_is_the_step_of_all_rows_together(tmp_path: Path) -> None:
    """For plain descent: the mean of gradients, weighted by rows, is the gradient of the mean. In closed form too."""
    rate, some = 0.3, clients(tmp_path, 100, 250, 40, **LINEAR)
    state, local = start(some[0]), Local(epochs=1, batch=0, learning_rate=0.3, optimizer="sgd")
    sizes = [len(client.learn) for client in some]
    sent = [client.train(state, local, turn=1) for client in some]
    averaged = {name: sum(made[name] * n for made, n in zip(sent, sizes, strict=True)) / sum(sizes) for name in state}
    module = some[0].model.module
    module.load_state_dict(state)
    scaled = [name for name, _ in module.named_parameters()]
    assert len(scaled) == 2
    inputs = {name: torch.cat([client._inputs[name][client.learn] for client in some]) for name in some[0]._inputs}
    target = torch.cat([answers(client._labels, client.model.rule)[client.learn] for client in some])
    loss = torch.nn.functional.binary_cross_entropy_with_logits(module(**inputs).reshape(-1), target)
    for (name, parameter), slope in zip(
        module.named_parameters(), torch.autograd.grad(loss, list(module.parameters())), strict=True
    ):
        torch.testing.assert_close(averaged[name], parameter.detach() - rate * slope, atol=1e-6, rtol=0)
    bias = next(name for name in scaled if state[name].ndim == 1)
    with torch.no_grad():
        residual = (torch.sigmoid(module(**inputs).reshape(-1)) - target).mean()  # the slope of a logit's bias
    torch.testing.assert_close(averaged[bias], state[bias] - rate * residual, atol=1e-6, rtol=0)


def test_one_client_in_one_round_is_ordinary_training(tmp_path: Path) -> None:
    (client,) = clients(tmp_path, 200)
    state = start(client)
    made = client.train(state, Local(epochs=4, batch=32), turn=1)
    module = client.model.module
    module.load_state_dict(state)
    held = np.ones(200, dtype=bool)
    held[client.learn] = False
    seed = int(digest(0, "federated", 0, 1)[:8], 16)
    with seeded(seed) as dice:
        train(
            module,
            client._inputs,
            answers(client._labels, client.model.rule),
            held=held,
            schedule=Schedule(epochs=4, batch=32, learning_rate=3e-3, weight_decay=1e-2, patience=9, keep="last"),
            dice=dice,
        )
    for name, tensor in module.state_dict().items():
        assert torch.equal(tensor, made[name])


def test_a_round_is_the_same_again_and_another_round_another(tmp_path: Path) -> None:
    (client,) = clients(tmp_path, 150)
    state = start(client)
    once, again, later = (client.train(state, Local(), turn=turn) for turn in (1, 1, 2))
    assert all(torch.equal(once[name], again[name]) for name in once)
    assert any(not torch.equal(once[name], later[name]) for name in once)


def test_rows_held_back_are_not_learned_from_and_judged_ones_neither(tmp_path: Path) -> None:
    (client,) = clients(tmp_path, 300)
    judged = set(np.flatnonzero(client.parcel.judged).tolist())
    learn, held = set(client.learn.tolist()), set(client.held.tolist())
    assert not learn & held
    assert not (learn | held) & judged
    assert learn | held | judged == set(range(300))


def test_the_loss_is_that_of_the_rows_held_back(tmp_path: Path) -> None:
    (client,) = clients(tmp_path, 300, **{**LINEAR, "held": 0.2})
    state = start(client)
    loss, rows = client.loss(state)
    with torch.no_grad():
        p = torch.sigmoid(client.model.module(**client._inputs)).reshape(-1).double().numpy()
    y = (client.parcel.target == "1")[client.held]
    p = p[client.held]
    assert rows == len(client.held)
    assert loss == pytest.approx(float(-np.where(y, np.log(p), np.log(1 - p)).mean()), rel=1e-5)


def test_counts_are_of_judged_rows_and_of_what_the_weights_decide(tmp_path: Path) -> None:
    (client,) = clients(tmp_path, 300)
    state = client.train(start(client), Local(epochs=20), turn=1)
    sent = client.count(state, 0)
    parcel = client.parcel
    decided = client.model.outputs(parcel.rows.where(parcel.judged)).decisions
    assert decided is not None
    brute: dict[tuple[str, ...], int] = {}
    for group, truth, said in zip(
        parcel.groups["g"][parcel.judged], parcel.target[parcel.judged], decided, strict=True
    ):
        cell = (str(group), "yes" if truth == "1" else "no", "yes" if said == "1" else "no")
        brute[cell] = brute.get(cell, 0) + 1
    assert sent.tables["g"] == brute
    assert sent.people == int(parcel.judged.sum())


def test_a_parcel_read_back_is_the_one_written_and_only_its_owner_may_look(tmp_path: Path) -> None:
    (parcel,) = federations.parcels(20, hidden=(4, 2))
    texts = np.array(["x", None, "ü"] * 6 + ["y", "z"], dtype=object)
    parcel = replace(parcel, rows=Rows(ids=parcel.rows.ids, columns={**parcel.rows.columns, "t": texts}))
    parcel.save(tmp_path / "own")
    found = Parcel.load(tmp_path / "own")
    assert (found.name, found.task) == (parcel.name, parcel.task)
    assert found.rows.columns["t"].tolist() == texts.tolist()
    np.testing.assert_array_equal(found.rows.columns["a"], parcel.rows.columns["a"])
    assert found.groups["g"].tolist() == parcel.groups["g"].tolist()
    assert (tmp_path / "own").stat().st_mode & 0o077 == 0
