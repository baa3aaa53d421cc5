"use strict";
// What pages of results share: a result is drawn once it is unfolded, the one that the address names is unfolded, and
// charts follow the size of the page, on paper too. draw(result, index) draws one, fit() resizes what was drawn.
function unfolding(draw, fit) {
  const results = [...document.querySelectorAll(".result")];
  const show = (result) => { if (result.open && !result.dataset.drawn) draw(result, results.indexOf(result)); };
  results.forEach((result) => { show(result); result.addEventListener("toggle", () => show(result)); });
  const unfold = () => {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    if (target) { target.open = true; show(target); target.scrollIntoView(); }
  };
  addEventListener("hashchange", unfold);
  document.querySelectorAll('a[href^="#result-"]').forEach((a) => a.addEventListener("click", () => setTimeout(unfold)));
  unfold();
  addEventListener("resize", fit);
  matchMedia("print").addEventListener("change", fit);
  addEventListener("beforeprint", fit);
  addEventListener("afterprint", fit);
}
