/* Keys and speed for pages that work without it: live counters, the next case fetched ahead, one key per decision. */
"use strict";
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);

  // The browser alone knows where it is; the server writes times in this zone from the next page on.
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone && !document.cookie.split("; ").includes(`scrm-zone=${zone}`)) {
    const secure = location.protocol === "https:" ? "; secure" : "";
    document.cookie = `scrm-zone=${zone}; path=/; max-age=31536000; samesite=lax${secure}`;
  }

  // Live numbers: the server sends them as text in the reader's language.
  const show = (place, data) => {
    for (const node of place.querySelectorAll("[data-count]")) put(node, data[node.dataset.count]);
    if ($("[data-total]", place)) put($("[data-total]", place), data.items);
    for (const [name, stream] of Object.entries(data.streams ?? {})) {
      const row = $(`[data-stream="${CSS.escape(name)}"]`, place);
      for (const node of row?.querySelectorAll("[data-live]") ?? []) put(node, stream[node.dataset.live]);
    }
  };
  const put = (node, text) => {
    if (text !== undefined && node.textContent !== text) node.textContent = text;
  };
  const poll = async () => {
    const place = $("[data-poll]");
    if (!place || document.hidden) return;
    try {
      const answer = await fetch(place.dataset.poll);
      if (answer.status === 401) clearInterval(polling);
      else if (answer.ok) show(place, await answer.json());
    } catch { /* out of reach for a moment: the old numbers stay */ }
  };
  const polling = setInterval(poll, 2000);

  // Parts of the page that the server draws again every ten seconds, while somebody looks and does nothing in them.
  const redraw = async (place) => {
    if (document.hidden || place.contains(document.activeElement) || String(getSelection())) return;
    try {
      const answer = await fetch(place.dataset.refresh);
      if (answer.status === 401 || answer.status === 403) clearInterval(redrawing);
      if (!answer.ok) return;
      const fresh = new DOMParser().parseFromString((await answer.json()).part, "text/html");
      place.replaceChildren(...fresh.body.childNodes);
    } catch { /* out of reach for a moment: the old figures stay, with their time */ }
  };
  const redrawing = setInterval(() => document.querySelectorAll("[data-refresh]").forEach(redraw), 10000);

  // What a network's own form asks for is copied by a button; without script the field can be marked and copied.
  for (const button of document.querySelectorAll("[data-copy]")) button.hidden = false;
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    const field = button && document.getElementById(button.dataset.copy);
    if (!field) return;
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
    } catch { // over plain http, or not allowed: the field stays marked
      if (!document.execCommand("copy")) return;
    }
    const word = button.firstElementChild;
    word.textContent = button.dataset.done;
    setTimeout(() => { word.textContent = button.dataset.word; }, 2000);
  });

  // Review: the next case is there before it is asked for.
  const read = async (url, options = {}) => {
    const answer = await fetch(url, { ...options, headers: { "X-Scrm-Part": "main" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    return { url: answer.url, status: answer.status, title: page.title, main: $("main", page) };
  };
  let sending = Promise.resolve(); // decisions reach the server in the order they were made
  let ahead = null;
  const prefetch = () => {
    const href = $("[data-next]")?.dataset.next;
    if (!href) ahead = null;
    else if (ahead?.href !== href) {
      ahead = { href, ready: null };
      const mine = ahead;
      document.body.dataset.ahead = "";
      read(href).then((page) => {
        mine.ready = page.status === 200 ? page : null;
        if (mine.ready && ahead === mine) document.body.dataset.ahead = "ready";
      }).catch(() => {});
    }
  };
  const current = (root = document) => $("[data-case]", root)?.dataset.case ?? "";
  // Others see who is looking at a case, and are given another one; said again while it stays open.
  const claim = async () => {
    const place = $("[data-claim]");
    if (!place || document.hidden) return;
    try {
      const headers = { "X-CSRFToken": $("#decide [name='csrf_token']")?.value ?? "" };
      const answer = await fetch(place.dataset.claim, { method: "POST", headers });
      const busy = $("[data-busy]");
      if (place !== $("[data-claim]") || !busy || !answer.ok) return;
      const told = await answer.json();
      busy.hidden = told.mine;
      if (!told.mine) busy.firstElementChild.textContent = told.words;
    } catch { /* out of reach: nobody is told, and the server still keeps two from overwriting one another */ }
  };
  setInterval(claim, 60000);
  const turnTo = (page, isClaimed = false) => {
    $("main").replaceWith(page.main);
    document.title = page.title;
    history.replaceState(null, "", page.url);
    scrollTo(0, 0);
    $("#profile-name")?.focus({ preventScroll: true });
    prefetch();
    if (!isClaimed) sending = sending.then(claim);
  };
  const turnAhead = (isClaimed = false) => {
    const page = ahead?.ready;
    ahead = null;
    if (page) turnTo(page, isClaimed);
    return Boolean(page);
  };

  const settle = (form, button) => {
    const body = new FormData(form);
    if (button?.name) body.append(button.name, button.value);
    const own = location.href;
    const moved = ["link", "nobody", "unsure"].includes(button?.value) && button.name === "decision" && turnAhead(true);
    const shown = current();
    if (moved) body.append("shown", shown);
    if (!moved) for (const node of document.querySelectorAll(".decide button")) node.disabled = true;
    document.body.dataset.sending = "yes";
    const mine = sending = sending.then(async () => {
      const page = await read(form.action, { method: "POST", body: new URLSearchParams(body) });
      // somebody else may be looking at the case shown by now: the server then gives another one
      if (moved && page.status === 200 && (current() !== shown || current(page.main) === shown)) {
        for (const part of [".toast-place", ".head"]) {
          const fresh = $(part, page.main);
          if (fresh && $(part)) $(part).replaceWith(fresh);
        }
      } else turnTo(page, true);
      if (sending === mine) document.body.dataset.sending = "";
    }).catch(() => location.assign(own)); // not stored: show the case again
  };
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-settle]")) return;
    event.preventDefault();
    settle(event.target, event.submitter);
  });

  const choose = (rank) => {
    const wanted = $(`details[data-rank="${rank}"]`);
    if (!wanted) return;
    for (const other of document.querySelectorAll("details[data-rank]")) other.open = other === wanted;
    const field = $("[data-chosen]");
    if (field) field.value = wanted.dataset.contact;
    if ($("[data-rank-shown]")) $("[data-rank-shown]").textContent = rank;
  };
  const chosen = () => Number($("[data-rank-shown]")?.textContent ?? 0);
  document.addEventListener("toggle", (event) => {
    const rank = event.target.dataset?.rank;
    if (rank && event.target.open && Number(rank) !== chosen()) choose(Number(rank));
  }, true);
  document.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    const rank = event.target.closest("a.rank");
    if (rank) {
      event.preventDefault();
      choose(Number($("details", rank.closest("li")).dataset.rank));
    } else if (event.target.closest(".decide a[data-key='s']") && turnAhead()) event.preventDefault();
  });

  // A contact's timeline goes on below by itself; without script the link does it.
  let growing = false;
  const grow = async (nav) => {
    if (growing || !nav) return;
    growing = true;
    nav.setAttribute("aria-busy", "true");
    try {
      const { main } = await read($("a[rel=next]", nav).href);
      const list = $("[data-entries]");
      for (const block of [...$("[data-entries]", main).children]) {
        const days = list.querySelectorAll("[data-day]");
        if (block.dataset.day && block.dataset.day === days[days.length - 1]?.dataset.day && list.lastElementChild.matches("ol")) {
          list.lastElementChild.append(...block.nextElementSibling.children);
          block.nextElementSibling.remove();
        } else if (block.isConnected || block.parentNode) list.append(block);
      }
      const onward = $("[data-older]", main);
      if (onward) {
        nav.replaceWith(onward);
        watch(onward);
      } else nav.remove();
    } catch {
      nav.removeAttribute("aria-busy"); // the link still works
    }
    growing = false;
  };
  const near = "IntersectionObserver" in window && new IntersectionObserver((seen) => {
    for (const one of seen) if (one.isIntersecting) grow(one.target);
  }, { rootMargin: "600px" });
  const watch = (nav) => nav && near && near.observe(nav);
  watch($("[data-older]"));

  // Looked at for a moment is read; the button does the same at once.
  const visit = $("form[data-visit]");
  if (visit) {
    const note = async () => {
      if (document.hidden) return;
      clearInterval(looking);
      const button = $("button", visit);
      const body = new URLSearchParams(new FormData(visit));
      body.append(button.name, button.value);
      try {
        const answer = await fetch(visit.action, { method: "POST", body, headers: { "X-Scrm-Part": "main" } });
        if (answer.ok) button.disabled = true;
      } catch { /* not noted: it stays new */ }
    };
    const looking = setInterval(note, 4000);
  }

  // The search box shows whom the words may mean while they are typed; Enter alone opens the page of results.
  const suggest = (box) => {
    const list = document.createElement("ul");
    const told = document.createElement("span");
    Object.assign(list, { id: "found", className: "found", hidden: true, role: "listbox" });
    Object.assign(told, { className: "hide", role: "status" });
    list.setAttribute("aria-label", box.labels[0].textContent);
    box.parentElement.classList.add("combo");
    box.parentElement.append(list, told);
    box.role = "combobox";
    for (const [name, value] of [["autocomplete", "list"], ["controls", list.id], ["expanded", "false"]]) {
      box.setAttribute(`aria-${name}`, value);
    }
    let place = -1;
    let turn = 0;
    let soon = 0;
    const choices = () => [...list.querySelectorAll("[data-href]")];
    const mark = (next) => {
      place = next;
      for (const [number, one] of choices().entries()) one.ariaSelected = String(number === place);
      const chosen = choices()[place];
      if (chosen) box.setAttribute("aria-activedescendant", chosen.id);
      else box.removeAttribute("aria-activedescendant");
      chosen?.scrollIntoView({ block: "nearest" });
    };
    const close = () => {
      turn += 1;
      clearTimeout(soon);
      list.hidden = true;
      box.ariaExpanded = "false";
      mark(-1);
    };
    const look = async () => {
      const asked = box.value.trim();
      if (asked.length < 2) return close();
      const mine = turn += 1;
      try {
        const answer = await fetch(`${box.dataset.suggest}?q=${encodeURIComponent(asked)}`);
        if (!answer.ok) return close();
        const found = await answer.json();
        if (mine !== turn || box !== document.activeElement) return;
        list.replaceChildren(...new DOMParser().parseFromString(found.part, "text/html").body.children);
        told.textContent = found.told;
        list.hidden = false;
        box.ariaExpanded = "true";
        mark(-1);
      } catch { close(); /* out of reach: the page of results still is one key away */ }
    };
    box.addEventListener("input", () => {
      clearTimeout(soon);
      soon = setTimeout(look, 100);
    });
    box.addEventListener("blur", close);
    list.addEventListener("mousedown", (event) => event.preventDefault()); // the focus stays in the box
    list.addEventListener("click", (event) => {
      const chosen = event.target.closest("[data-href]");
      if (chosen) location.assign(chosen.dataset.href);
    });
    box.addEventListener("keydown", (event) => {
      if (list.hidden || event.isComposing) return;
      const chosen = choices()[place];
      const many = choices().length;
      if (event.key === "Escape") close();
      else if (event.key === "ArrowDown" && many) mark(place + 1 < many ? place + 1 : 0);
      else if (event.key === "ArrowUp" && many) mark(place > 0 ? place - 1 : many - 1);
      else if (event.key === "Enter" && chosen) location.assign(chosen.dataset.href);
      else return;
      event.preventDefault();
    });
  };
  for (const box of document.querySelectorAll("[data-suggest]")) suggest(box);

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
    if (event.target.closest("input, textarea, select")) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (document.body.dataset.keys === "off") return;
    const key = event.key.toLowerCase();
    const isReview = document.body.classList.contains("reviewing");
    if (key === "/") {
      const fields = [...document.querySelectorAll("[data-search]")];
      fields.at(-1)?.focus();
    } else if (isReview && /^[1-9]$/.test(key)) choose(Number(key));
    else if (isReview && key === "j") choose(chosen() + 1);
    else if (isReview && key === "k") choose(chosen() - 1);
    else if (isReview && key === "a") {
      const fold = $("[data-open='a']");
      if (!fold) return;
      fold.open = true;
      $("select, input", fold)?.focus();
    } else if (isReview && !event.repeat && /^[lnuzsc0?]$/.test(key)) {
      const target = $(`main [data-key="${key}"]:not(:disabled)`);
      if (!target) return;
      target.click();
    } else return;
    event.preventDefault();
  });
  prefetch();
  claim();
})();
