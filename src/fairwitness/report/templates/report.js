(function(){"use strict";var d=document,$=function(s,e){return[].slice.call((e||d).querySelectorAll(s))};
var bar=d.getElementById("filter"),count=d.getElementById("count");
if(bar){bar.hidden=false;$("button",bar).forEach(function(b){b.addEventListener("click",function(){var f=b.dataset.f,n=0;
$("button",bar).forEach(function(x){x.setAttribute("aria-pressed",x===b)});
$("section[data-s]").forEach(function(s){var on=f==="all"||s.dataset.s===f;s.hidden=!on;if(on)n+=Number(s.dataset.n)});
count.textContent=n+(n===1?" finding shown":" findings shown")})})}
$(".copy").forEach(function(b){if(!navigator.clipboard)return;b.hidden=false;b.addEventListener("click",function(){
navigator.clipboard.writeText(b.parentNode.querySelector("code").textContent).then(function(){b.textContent="Copied";setTimeout(function(){b.textContent="Copy"},1500)})})});
function val(c){var t=c.textContent.trim(),m=t.replace(/\u2212/g,"-").replace(/,(?=\d{3})/g,"").match(/^-?\d+(\.\d+)?/);return m?parseFloat(m[0]):t}
$("table.sortable").forEach(function(t){$("thead th",t).forEach(function(h,i){var b=d.createElement("button");b.type="button";b.className="sort";
while(h.firstChild)b.appendChild(h.firstChild);h.appendChild(b);b.addEventListener("click",function(){
var up=h.getAttribute("aria-sort")!=="ascending",body=t.tBodies[0];$("thead th",t).forEach(function(x){x.removeAttribute("aria-sort")});
h.setAttribute("aria-sort",up?"ascending":"descending");$("tr",body).sort(function(p,q){var a=val(p.cells[i]),c=val(q.cells[i]),
r=typeof a==="number"&&typeof c==="number"?a-c:String(a).localeCompare(String(c));return up?r:-r}).forEach(function(r){body.appendChild(r)})})})});
function open(){var h=location.hash.slice(1),e;try{e=h&&d.getElementById(decodeURIComponent(h))}catch(x){return}if(!e)return;
if(bar&&e.closest("[hidden]"))bar.querySelector("button").click();
for(var p=e;p;p=p.parentElement)if(p.tagName==="DETAILS")p.open=true;
if(e.id==="passed")$("details",e)[0].open=true;e.scrollIntoView()}addEventListener("hashchange",open);open();
addEventListener("beforeprint",function(){$("details").forEach(function(x){x.dataset.o=x.open?"1":"";x.open=true})});
addEventListener("afterprint",function(){$("details").forEach(function(x){x.open=x.dataset.o==="1"})})})();
