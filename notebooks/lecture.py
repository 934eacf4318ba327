"""The two lectures told live, with sliders: `make live`, or `marimo run notebooks/lecture.py`.

As a script (`python notebooks/lecture.py`) it prints the finding of each part.
"""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="viewcast live", css_file="lecture.css")

with app.setup:
    import sys
    from html import escape
    from pathlib import Path

    import marimo as mo

    from telling import findings, pictures, style
    from telling import surface as surfaces
    from telling.choice import ROWS, RUNS, SIZES, Choices
    from telling.hinges import UNITS, Hinges
    from telling.memory import Memorizers
    from telling.stopping import PATIENCE, RATES, Stopping
    from telling.stopping import UNITS as WIDTHS
    from telling.surface import Surface
    from telling.texts import LANGUAGES, Texts, preferred
    from viewcast.base.errors import ViewcastError

    ROOT = Path(__file__).resolve().parents[1]

    def slider(steps, value):
        return mo.ui.slider(steps=steps, value=value, full_width=True)


@app.cell
def _():
    own = next(name for name, code in LANGUAGES.items() if code == preferred())
    language = mo.ui.radio(options=LANGUAGES, value=own, inline=True)
    return (language,)


@app.cell
def _(language):
    say = Texts.of(language.value)
    mo.Html(
        f'{language}<h1 class="title">{say("title")}</h1><p class="about">{say("subtitle")}</p>'
    )
    return (say,)


@app.cell
def _(say):
    known, absent = None, ""
    try:
        with mo.status.spinner(say("ready_soon")):
            known = Surface.of(ROOT)
            known.descent(1e-4, (1, 15), 17, 1)  # the first one of a machine compiles its kernel
    except ViewcastError as error:
        absent = say("absent", error=error)
    if absent and mo.app_meta().mode == "script":
        sys.exit(absent)
    mo.stop(bool(absent), mo.Html(f'<p class="absent">{escape(absent)}</p>'))
    return (known,)


# 1: the loss surface, and gradient descent on it


@app.cell
def _(known, say):
    mo.Html(style.header(say("surface_title"), say("surface_about", rows=known.rows)))
    return


@app.cell
def _(descent, known, say):
    _sentence, _figures = findings.surface(say, known, descent)
    surface_finding = _sentence
    mo.Html(style.finding("surface", _sentence, _figures))
    return (surface_finding,)


@app.cell
def _():
    rate = slider(surfaces.RATES, 1e-4)
    updates = slider(surfaces.UPDATES, 1_000)
    batch = slider(surfaces.BATCHES, 17)
    start_w = mo.ui.slider(0, 3, 0.25, 1, full_width=True)
    start_b = mo.ui.slider(0, 20, 1, 15, full_width=True)
    return batch, rate, start_b, start_w, updates


@app.cell
def _(batch, rate, say, start_b, start_w, updates):
    _named = {"rate": rate, "updates": updates, "batch": batch, "start_w": start_w}
    mo.Html(style.controls([(say(key), ui) for key, ui in {**_named, "start_b": start_b}.items()]))
    return


@app.cell
def _(batch, known, rate, start_b, start_w, updates):
    descent = known.descent(rate.value, (start_w.value, start_b.value), batch.value, updates.value)
    return (descent,)


@app.cell
def _(known, say):
    ground = pictures.ground(say, known)
    return (ground,)


@app.cell
def _(descent, ground, known, say):
    pictures.surface(say, ground, known, descent)
    return


# 2: a sum of hinges


@app.cell
def _(known, say):
    bending = Hinges.of(known.root)
    line = bending.placed(1)
    mo.Html(style.header(say("hinges_title"), say("hinges_about")))
    return bending, line


@app.cell
def _(bent, by_descent, line, say):
    _sentence, _figures = findings.hinges(say, bent, line, by_descent.value)
    hinges_finding = _sentence
    mo.Html(style.finding("hinges", _sentence, _figures))
    return (hinges_finding,)


@app.cell
def _():
    units = slider(UNITS, 3)
    by_descent = mo.ui.switch(value=False)
    return by_descent, units


@app.cell
def _(by_descent, say, units):
    mo.Html(style.controls([(say("units"), units), (say("by_descent"), by_descent)]))
    return


@app.cell
def _(bending, by_descent, units):
    bent = bending.learnt(units.value) if by_descent.value else bending.placed(units.value)
    return (bent,)


@app.cell
def _(bending, bent, say):
    mo.vstack(pictures.hinges(say, bending, bent))
    return


# 3: training and validation curves, early stopping


@app.cell
def _(known, say):
    overfitting = Stopping.of(known.root)
    mo.Html(style.header(say("stopping_title"), say("stopping_about")))
    return (overfitting,)


@app.cell
def _(course, say):
    _sentence, _figures = findings.stopping(say, course)
    stopping_finding = _sentence
    mo.Html(style.finding("stopping", _sentence, _figures))
    return (stopping_finding,)


@app.cell
def _():
    width = slider(WIDTHS, 100)
    step = slider(RATES, 1e-2)
    patience = slider(PATIENCE, 50)
    return patience, step, width


@app.cell
def _(patience, say, step, width):
    _named = {"width": width, "rate": step, "patience": patience}
    mo.Html(style.controls([(say(key), ui) for key, ui in _named.items()]))
    return


@app.cell
def _(overfitting, patience, step, width):
    course = overfitting.train(width.value, step.value, patience.value)
    return (course,)


@app.cell
def _(course, say):
    pictures.stopping(say, course)
    return


# 4: the memorizer


@app.cell
def _(known, say):
    memorizers = Memorizers.of(known.root)
    mo.Html(style.header(say("memory_title"), say("memory_about")))
    return (memorizers,)


@app.cell
def _(leak, memorizers, memory, say):
    _sentence, _figures = findings.memory(say, memory, memorizers.rows, leak.value)
    memory_finding = _sentence
    mo.Html(style.finding("memory", _sentence, _figures))
    return (memory_finding,)


@app.cell
def _(memorizers):
    remembered = mo.ui.slider(0, memorizers.rows, 1, memorizers.rows, full_width=True)
    leak = mo.ui.switch(value=False)
    return leak, remembered


@app.cell
def _(leak, remembered, say):
    mo.Html(style.controls([(say("remembered"), remembered), (say("leak"), leak)]))
    return


@app.cell
def _(leak, memorizers, remembered):
    memory = memorizers.remembering(remembered.value, leak.value)
    return (memory,)


@app.cell
def _(leak, memorizers):
    by_count = memorizers.courses(leak.value)
    return (by_count,)


@app.cell
def _(by_count, memory, say):
    pictures.memory(say, by_count, memory)
    return


# 5: the best of k runs


@app.cell
def _(known, say):
    choices = Choices.of(known.root)
    mo.Html(style.header(say("choice_title"), say("choice_about")))
    return (choices,)


@app.cell
def _(chosen, say):
    _sentence, _figures = findings.choice(say, chosen)
    choice_finding = _sentence
    mo.Html(style.finding("choice", _sentence, _figures))
    return (choice_finding,)


@app.cell
def _():
    runs = slider(RUNS, 50)
    days = slider(ROWS, 366)
    size = slider(SIZES, 0.2)
    return days, runs, size


@app.cell
def _(days, runs, say, size):
    mo.Html(style.controls([(say("runs"), runs), (say("rows"), days), (say("size"), size)]))
    return


@app.cell
def _(choices, days, runs, size):
    chosen = choices.best(runs.value, days.value, size.value)
    return (chosen,)


@app.cell
def _(chosen, say):
    pictures.choice(say, chosen)
    return


@app.cell
def _(choice_finding, hinges_finding, memory_finding, stopping_finding, surface_finding):
    told = [surface_finding, hinges_finding, stopping_finding, memory_finding, choice_finding]
    if mo.app_meta().mode == "script":
        print("\n".join(told))
    return (told,)


if __name__ == "__main__":
    app.run()
