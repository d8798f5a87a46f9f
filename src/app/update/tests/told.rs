//! Tasks, and what the window says of them: names, messages, progress.

use super::*;

#[test]
fn what_cannot_be_saved_is_told_and_a_closed_dialog_is_nothing() {
    let mut model = model();
    assert!(ask(&mut model, SaveCommand::ChooseSavePlace).is_empty(), "nothing is shown yet");
    assert!(ask(&mut model, SaveCommand::Export(Export::Mosaic, "a.png".into())).is_empty());
    assert!(tell(&mut model, Event::Picked(Question::Weights, None)).is_empty());
    let effects = tell(&mut model, Event::Picked(Question::Picture(None), Some("a.png".into())));
    assert!(
        matches!(&effects[..], [Effect::Work(Work::Latest(1, Job::Open(_, path, None)))] if path.as_os_str() == "a.png")
    );
    tell(&mut model, Event::NoDialog(Question::Picture(None)));
    assert!(
        said(&model)[0].starts_with("no file dialog opened")
            && said(&model)[0].ends_with("drop the file here")
    );
    model.messages.clear();
    tell(&mut model, Event::NoDialog(Question::Export(Export::Mosaic, "a.png".into())));
    assert!(said(&model)[0].ends_with("type a path under Save on the right"));
    let effects = ask(&mut model, SaveCommand::Copy("1\t2".into(), "the table"));
    assert!(matches!(&effects[..], [Effect::Face(FaceEffect::CopyText(text))] if text == "1\t2"));
    tell(&mut model, Event::Saved("a.png".into()));
    assert_eq!(said(&model)[1..], ["copied the table", "saved \"a.png\""]);
}

#[test]
fn long_work_is_planned_told_and_reported() {
    let mut model = model();
    let effects = ask(&mut model, TaskCommand::Toggle(Task::Batch));
    assert!(matches!(&effects[..], [Effect::Work(Work::Run(RunJob::Plan(TaskRequest::Batch(_))))]));
    assert!(
        ask(&mut model, TaskCommand::Start(Task::Batch, Existing::default())).is_empty(),
        "there is no plan yet"
    );
    tell(&mut model, Event::TaskPlanned(TaskPlan::Batch(Err("no picture to work on".into()))));
    assert!(
        ask(&mut model, TaskCommand::Start(Task::Batch, Existing::default())).is_empty(),
        "nor is a refused one begun"
    );
    let end = Some(BatchCounts::default().end(1, false));
    tell(&mut model, Event::TaskNews(Task::Batch, RunNews { num_failed: 1, end, ..RunNews::default() }));
    // The open dialog reports it, and the log keeps it.
    assert!(said(&model).is_empty() && model.tasks.batch.run.report.is_some());
    let logged: Vec<&str> = model.log.iter().map(|message| &*message.text).collect();
    assert_eq!(logged, ["batch failed: 0 figures written, 1 picture failed"]);
    ask(&mut model, TaskCommand::Toggle(Task::Batch));
    ask(&mut model, TaskCommand::Toggle(Task::Extract));
    assert!(
        matches!(&model.tasks.extract.plan, Some(Err(reason)) if reason.starts_with("no data set is open"))
    );
    let end = Some(RunEnd::Failed("the disk is full".into()));
    // With its dialog closed it is said.
    ask(&mut model, TaskCommand::Toggle(Task::Extract));
    tell(&mut model, Event::TaskNews(Task::Extract, RunNews { end, ..RunNews::default() }));
    assert!(model.tasks.extract.run.report.is_some() && said(&model).contains(&"the disk is full"));
}

/// A batch that has done 118 of its 598 runs.
fn export(model: &mut Model) {
    let news = RunNews { total: 598, done: 118, ..RunNews::default() };
    model.tasks.batch.run.running = Some((news, crate::engine::CancelToken::new()));
}

#[test]
fn what_waits_says_what_it_waits_for_and_running_tasks_show_their_count() {
    let mut model = model();
    (model.views[0].busy, model.views[0].trouble) = (None, None);
    assert_eq!(naming::doing(&model), None);
    ask(&mut model, WeightsCommand::OpenWeights("folder/x.pth".into()));
    let id = model.errands[0].id;
    assert_eq!(naming::doing(&model).as_deref(), Some("Reading x.pth…"));
    export(&mut model);
    assert_eq!(naming::running(&model, Task::Batch).as_deref(), Some("Exporting 118/598"));
    assert_eq!(naming::running(&model, Task::Extract), None);
    assert_eq!(
        naming::doing(&model).as_deref(),
        Some("Waiting for the export: 118 of 598; then: Reading x.pth…")
    );
    tell(&mut model, Event::ErrandBegun(id));
    assert_eq!(naming::doing(&model).as_deref(), Some("Reading x.pth…"));
    tell(&mut model, Event::ErrandOver(id, None));
    // The answer came before.
    model.opening.fitting = None;
    assert_eq!(naming::doing(&model), None);
    ask(&mut model, layer("act3"));
    assert_eq!(naming::doing(&model).as_deref(), Some("Waiting for the export: 118 of 598"));
    let job = model.view().job;
    tell(&mut model, Event::View(job, ViewEvent::Busy(Busy::Running)));
    assert_eq!(naming::doing(&model).as_deref(), Some("Running the network…"));
    ask(&mut model, ViewsCommand::AddView);
    assert_eq!(naming::doing(&model).as_deref(), Some("Waiting for view 1…"));
    // Where the queue is full, that is said and nothing waits.
    ask(&mut model, WeightsCommand::OpenWeights("y.pth".into()));
    let id = model.errands[0].id;
    tell(&mut model, Event::ErrandOver(id, Some("too much is waiting".into())));
    assert!(model.errands.is_empty() && said(&model) == ["too much is waiting"]);
}

#[test]
fn what_is_asked_is_named_beside_what_is_on_screen() {
    let mut model = model();
    ask(&mut model, layer("act3"));
    assert_eq!(naming::on_screen(model.view()), None);
    assert_eq!(naming::asked(model.view()).as_deref(), Some("xception.keras_in1k · act3: loading…"));
    ask(&mut model, ViewCommand::SetModel(Registry::find("resnet50.tv_in1k").unwrap()));
    assert_eq!(
        naming::asked(model.view()).as_deref(),
        Some("resnet50.tv_in1k · layer4.2: weights not installed")
    );
    assert_eq!(naming::title(&model), "filterscope", "nothing is on screen");
}

#[test]
fn a_task_s_button_opens_its_dialog_and_never_closes_it() {
    let mut model = model();
    ask(&mut model, TaskCommand::Open(Task::Extract));
    ask(&mut model, TaskCommand::Open(Task::Extract));
    assert!(model.tasks.extract.run.is_open);
}

#[test]
fn dialogs_start_from_the_layer_in_view_until_another_is_chosen() {
    let mut model = model();
    let open = |model: &mut Model, task: Task| {
        model.tasks.run_mut(task).is_open = false;
        ask(model, TaskCommand::Toggle(task));
    };
    open(&mut model, Task::Batch);
    assert_eq!(model.tasks.batch.scope.layers, TaskLayers::Final, "the last is in view, whatever its name");
    ask(&mut model, layer("act3"));
    open(&mut model, Task::Batch);
    open(&mut model, Task::Animate);
    assert_eq!(model.tasks.batch.scope.layers, TaskLayers::This);
    assert_eq!(model.tasks.animate.scope.layers, "act3");
    ask(&mut model, layer("act4"));
    open(&mut model, Task::Batch);
    open(&mut model, Task::Animate);
    assert_eq!(model.tasks.batch.scope.layers, TaskLayers::Final);
    assert_eq!(model.tasks.animate.scope.layers, "act4");
    // An animation over layers goes through all of them.
    model.tasks.animate.scope.set_mode(AnimationMode::Depth);
    assert_eq!(model.tasks.animate.scope.layers, "");
    model.tasks.animate.scope.set_mode(AnimationMode::Drive);
    assert_eq!(model.tasks.animate.scope.layers, "act4");
    // What a person chose stays.
    model.tasks.batch.scope.layers = TaskLayers::AllStages;
    model.tasks.animate.scope.layers = "act1,act2".into();
    ask(&mut model, layer("act3"));
    open(&mut model, Task::Batch);
    open(&mut model, Task::Animate);
    assert_eq!(model.tasks.batch.scope.layers, TaskLayers::AllStages);
    assert_eq!(model.tasks.animate.scope.layers, "act1,act2");
}

#[test]
fn messages_go_when_they_are_read_and_errors_stay() {
    let mut model = model();
    let at = |model: &mut Model, secs: f64, is_on_messages: bool| {
        let now = Now { secs, is_on_messages, max_texture_side: 2048, ..Now::default() };
        let mut effects = Effects::default();
        update(model, Message::Tick, &now, &mut effects);
        effects.take()
    };
    tell(&mut model, Event::Saved("a.png".into()));
    tell(&mut model, Event::JobFailed("the disk is full".into()));
    let effects = at(&mut model, 10.0, false);
    assert!(matches!(&effects[..], [Effect::Face(FaceEffect::DrawAfter(secs))] if *secs == 5.0));
    at(&mut model, 14.9, true);
    at(&mut model, 16.0, false);
    assert_eq!(said(&model).len(), 2, "the pointer was on it");
    at(&mut model, 17.0, false);
    assert_eq!(said(&model), ["the disk is full"]);
    // New work takes away what was said about the work before, but no error.
    tell(&mut model, Event::Saved("b.png".into()));
    ask(&mut model, layer("act3"));
    at(&mut model, 1e6, false);
    assert_eq!(said(&model), ["the disk is full"]);
    ask(&mut model, WindowCommand::Dismiss(0));
    assert!(model.messages.is_empty() && model.log.len() == 3, "the log keeps all");
}
