/** What recorded actors call as text, made by compile.ts from tape.ts: `npm run kernel`. */

export const tapeBinary = {
  tape:
    "#}*}<}6$###$E)})%}H}H$}H})$}H#})##})(}H}H}H}H}H$}H})&}H}H}H#})$}H$}H%}i%3'}0}*}=}.,}=}*}9}.Q}<}.}*}=#$'}0}*}=}" +
    "..}=}*}9}.Q}+}.}0}2}7}<#$'}0}*}=}.,}=}*}9}.Q}/}>}5}5#$'}0}*}=}.,}=}*}9}.Q}5}8}7}0#$'}0}*}=}.,}9}8};}=Q}=}>};}7" +
    "#('}0}*}=}.-}=}*}9}.Q};}.}<}=}<#$'}0}*}=}.,}=}*}9}.Q}9}*}B}<#%'}0}*}=}.,}9}8};}=Q}<}.}7}-#&'}0}*}=}.,}=}*}9}.Q" +
    "}9}*}2}-#%'}0}*}=}./}9}8};}=Q};}.}:}>}.}<}=#&'}0}*}=}.,}9}8};}=Q}5}2}7}4##'}0}*}=}..}9}8};}=Q}>}7}5}2}7}4##'}0" +
    "}*}=}./}9}8};}=Q}6}8}7}2}=}8};##'}0}*}=}.1}9}8};}=Q}-}.}6}8}7}2}=}8};##)}4}.};}7}.}5)}6}.}6}8};}B%#$(}0}>}.}<}" +
    "=)}6}.}6}8};}B%##&32'#'$#(%&&####%$'($}9$(()3&}H$d#.}H$d#.}H$d#.*}D0(}0}>}.}<}=$#&}<}2}=#1'}=}>};}7#6'}<}.}7}-" +
    "#8*};}.}:}>}.}<}=#9'}5}2}7}4#:)}>}7}5}2}7}4#;*}6}8}7}2}=}8};#<,}-}.}6}8}7}2}=}8};#=(}+}.}0}2}7#>0}7}8}=}.p}.}*" +
    "}7}@}1}2}5}.#7+}7}8}=}.l}=}.}6#4+}7}8}=}.k}.}*}-#?-}eD21#C#G#C$G$C%G%.~l$$*}HC#K%;D(&cC$C(j'cC$K%#E%d~/#i'}HC$" +
    "K%'(C%'}HC$2(C#K%;D)C$C$K%'}3D%C#K%/d}I~/#}:d#jD*C#K%KD+&cC%C+jC%C)j}:'}HC%K%#(d$.h'cC*'}H%}HC#K%}EK%KD'd#D&&c" +
    "C&d~/#k'}HC&C'}3K%#(d#.'cd$C%C&C'}3K%'i0%=C&d+}3D&/$..d#.(d#.h'cC$K%+C%K%+}3D&C$C%C%K%'}3E%C$}4}ueC}OZ&#C$C&Y%" +
    "+/%...C%..D$/$..d#.}f$$$}HC%d~/#n'cC#C$C%~k-$#2.C#C%d}A}:}3D&&cC#C&j'cC#C$L##Zc$#C#d+}3D#C$d+}3D$/$..C%d'}:'cC" +
    "#C$K##Yc$#C$d'}3D$C#d'}3D#.C%d%}:'cC#C$R##^c$#C$d%}3D$C#d%}3D#.C%d$}:'cC#C$P##]c$#..~[)$+}HC#K%#E$d$iC#K%;E%d}" +
    "I$l}:'}HC#K%'d~/#l(d#.'}GC#L&3(e$.s'cC#K%+E&C&d&}=d~g&}:E&F%d3}3}3E'Kc$#j'}Hd#(C#K%/C'Kc$'i.'cF%d}IC}3F%Kc$#d}" +
    "y$}3l'cF%3%.F%Kc$#E$C&d(}=dG};C#K%'d4}=};C%d;}=};Yc$#C#dC}3D#C%d+i'cC$C#L&#Ze$'(C$d'}3C#C%33.F%C%C$d'}3}3Yc$#2" +
    "..d$C%d}I3nC$dC}:>'cC#3&2.F%d}IC}3F%Kc$#C%dS}3}3l'cF%3%.F%Kc$#D(C#K%/D'C#L&3e#uD)C(C$d$}4dC};d'd#C#K%+C#E&K%+E" +
    "$d&}=d~g&}:E*F%d3}3}3E#Kc$#j'}Hd#(C&K%/C#Kc$'i.E+>};d+d#C)>};]c$#C(d$}3D#C+'}HC#C*d&}?]c$#C#d$}3(C*F%d3}3}3E(C" +
    "$Yc$#C(C'Yc$'&cC$d}I$r'cC#C$d~n#}:d}I$};]c$#C#d$}3D#C$d*}?D$/$..C#C$]c$#C#d$}3D$C'D#&cC#d}I$r'cC$C#d~n#}:d}I$}" +
    ";]c$#C$d$}3D$C#d*}?D#/$..C$C#]c$#C$d$}3.D#C&K%'E$d$}=d}H}<C$d$}=C$d#k>D$&cC$d}I$r'cC#C$d~n#}:d}I$};]c$#C#d$}3D" +
    "#C$d*}?D$/$..C#C$]c$#C#d$}3D#C)'cC&K%3E$d$}=d}H}<C$d$}=C$d#k>D$&cC$d}I$r'cC#C$d~n#}:d}I$};]c$#C#d$}3D#C$d*}?D$" +
    "/$..C#C$]c$#C#d$}3D#C&K%7D$&cC$d}I$r'cC#C$d~n#}:d}I$};]c$#C#d$}3D#C$d*}?D$/$..C#C$]c$#C#d$}3D#.C%D$&cC$d}I$r'c" +
    "C#C$d~n#}:d}I$};]c$#C#d$}3D#C$d*}?D$/$..C#C$]c$#C#d$}3E#C&dC}3C%33F%C#C%}3Yc$#.E#C#C$K%#dC}:'}HdK(C$K%;dJ}3d}A" +
    "}:.C$}332.}O'$(}HC#F#j'}Hd$(F$C#K%#j.'cC#3#.C#K%/E'd'}:'}Hd$(C#K%Cd'i.'cC#3$.C'd+}:'}Hd#(C#K%}-d'i.'cC#C#K%K32" +
    "D&d$D%C#K%OF%Kc$'}4E$'}HC$C#K%3i'}HC#K%c(F%Kc$+.E$K%#E(d~/#iC(h};'}HC#C$32(C$.(d#.D$&cC$'cC$C&iC%}:'cF%d}IC}3F" +
    "%Kc$#d$}3l'cF%3%.F%Kc$#E%d%]c$#F%C%d$}3Yc$#d#D%.C$34C#C$35D$/$..C%'cF%d}IC}3F%Kc$#d$}3l'cF%3%.F%Kc$#E$d%]c$#F%" +
    "C$d$}3Yc$#.F%C#K%OYc$'(C#K%OF%Kc$'}4E%'cC%C#K%3i'}HC#K%c(F%Kc$+.E$K%#E&d~/#iC&h};'cC#C$32D$.&cC$34C%d$}4E%d#m'" +
    "cC#C$35D$/$..F%C#K%OYc$'..F%d}IC}3F%Kc$#d$}3l'cF%3%.F%Kc$#E$d$]c$#F%C$d$}3Yc$#C#3'D$F%C#K%;Yc$+C'd'}:'}Hd$(F%K" +
    "c$/.'cC#3(.C$.}k$$&}HF#K%OF%Kc$'i'c2.F#E%K%3F#K%OF%Kc$'}4i'}HC%K%c(F%Kc$+.E#K%#E$d~/#iC$h};'cC%C#32D#.&cC#'cF%" +
    "d}IC}3F%Kc$#d$}3l'cF%3%.F%Kc$#E$d,]c$#F%C$d$}3Yc$#C#34F#C#35D#/$..F%F#K%OYc$'.}N%#F#K%/d'}:'c3).F%F#K%;Yc$+C#C" +
    "$C%C&C'3*D#F#K%/d'}:'c3+.C#d$i'cF%d}IC}3F%Kc$#d$}3l'cF%3%.F%Kc$#E$d}I$]c$#F%C$d$}3Yc$#(F%d}IC}3F%Kc$#dS}3l'cF%" +
    "3%.F%Kc$#E$d~/#]c$#C$d$}3D%C#E$d$}=d}H}<C$d$}=C$d#k>D$&cC$d}I$r'cC%C$d~n#}:d}I$};]c$#C%d$}3D%C$d*}?D$/$..C%C$]" +
    "c$#F%C%d$}3Yc$#.F#K%OF%Kc$'}4'c37.C#.}N%#F#K%/d'}:'c3).F%F#K%;Yc$+C#C$C%C&C'3,D#F#K%/d'}:'c3+.C#d$i'cF%d}IC}3F" +
    "%Kc$#d$}3l'cF%3%.F%Kc$#E$d}^$]c$#F%C$d$}3Yc$#(F%d}IC}3F%Kc$#dS}3l'cF%3%.F%Kc$#E$d~D#]c$#C$d$}3D%C#E$d$}=d}H}<C" +
    "$d$}=C$d#k>D$&cC$d}I$r'cC%C$d~n#}:d}I$};]c$#C%d$}3D%C$d*}?D$/$..C%C$]c$#F%C%d$}3Yc$#.F#K%OF%Kc$'}4'c37.C#.}J%$" +
    "$}HF#K%/d'}:'c3).F%F#K%;Yc$+C#C$3-D#F#K%/d'}:'c3+.C#d$i'cF%d}IC}3F%Kc$#d$}3l'cF%3%.F%Kc$#E$d}X$]c$#F%C$d$}3Yc$" +
    "#(F%d}IC}3F%Kc$#dS}3l'cF%3%.F%Kc$#E$d~>#]c$#C$d$}3D%C#E$d$}=d}H}<C$d$}=C$d#k>D$&cC$d}I$r'cC%C$d~n#}:d}I$};]c$#" +
    "C%d$}3D%C$d*}?D$/$..C%C$]c$#F%C%d$}3Yc$#.F#K%OF%Kc$'}4'c37.C#.}J%$$}HF#K%/d'}:'c3).F%F#K%;Yc$+C#C$3.D#F#K%/d'}" +
    ":'c3+.C#d$i'cF%d}IC}3F%Kc$#d$}3l'cF%3%.F%Kc$#E$d}Y$]c$#F%C$d$}3Yc$#(F%d}IC}3F%Kc$#dS}3l'cF%3%.F%Kc$#E$d~?#]c$#" +
    "C$d$}3D%C#E$d$}=d}H}<C$d$}=C$d#k>D$&cC$d}I$r'cC%C$d~n#}:d}I$};]c$#C%d$}3D%C$d*}?D$/$..C%C$]c$#F%C%d$}3Yc$#.F#K" +
    "%OF%Kc$'}4'c37.C#.}J%$$}HF#K%/d'}:'c3).F%F#K%;Yc$+C#C$3/D#F#K%/d'}:'c3+.C#d$i'cF%d}IC}3F%Kc$#d$}3l'cF%3%.F%Kc$" +
    "#E$d}!$]c$#F%C$d$}3Yc$#(F%d}IC}3F%Kc$#dS}3l'cF%3%.F%Kc$#E$d~B#]c$#C$d$}3D%C#E$d$}=d}H}<C$d$}=C$d#k>D$&cC$d}I$r" +
    "'cC%C$d~n#}:d}I$};]c$#C%d$}3D%C$d*}?D$/$..C%C$]c$#F%C%d$}3Yc$#.F#K%OF%Kc$'}4'c37.C#.}J%$$}HF#K%/d'}:'c3).F%F#K" +
    "%;Yc$+C#C$30D#F#K%/d'}:'c3+.C#d$i'cF%d}IC}3F%Kc$#d$}3l'cF%3%.F%Kc$#E$d}]$]c$#F%C$d$}3Yc$#(F%d}IC}3F%Kc$#dS}3l'" +
    "cF%3%.F%Kc$#E$d~C#]c$#C$d$}3D%C#E$d$}=d}H}<C$d$}=C$d#k>D$&cC$d}I$r'cC%C$d~n#}:d}I$};]c$#C%d$}3D%C$d*}?D$/$..C%" +
    "C$]c$#F%C%d$}3Yc$#.F#K%OF%Kc$'}4'c37.C#.=#F#K%/d'}:'c3).F%F#K%;Yc$+.~i'$+}HC#K%#d}(}:D$F%d}IC}3F%Kc$#dS}3l'cF%" +
    "3%.F%Kc$#D)C#K%;D'C#E&K%+D%C#K%/D#C&L&3e#uD*C)C$d$}4dC};d'd#C&K%+C%d&}=d~g&}:E+F%d3}3}3E$Kc$#j'}Hd#(C&K%/C$Kc$" +
    "'i.E(>};d+d#C*>};]c$#C)d$}3D$C('}HC$C+d&}?]c$#C$d$}3(C+F%d3}3}3E(C%Yc$#C(C#Yc$'&cC%d}I$r'cC$C%d~n#}:d}I$};]c$#" +
    "C$d$}3D$C%d*}?D%/$..C$C%]c$#C$d$}3D$&cC#d}I$r'cC$C#d~n#}:d}I$};]c$#C$d$}3D$C#d*}?D#/$..C$C#]c$#C$d$}3.D#C&K%'E" +
    "$d$}=d}H}<C$d$}=C$d#k>D$&cC$d}I$r'cC#C$d~n#}:d}I$};]c$#C#d$}3D#C$d*}?D$/$..C#C$]c$#C#d$}3D#C*'cC&K%3E$d$}=d}H}" +
    "<C$d$}=C$d#k>D$&cC$d}I$r'cC#C$d~n#}:d}I$};]c$#C#d$}3D#C$d*}?D$/$..C#C$]c$#C#d$}3D$C&K%7D#&cC#d}I$r'cC$C#d~n#}:" +
    "d}I$};]c$#C$d$}3D$C#d*}?D#/$..C$C#]c$#C$d$}3D#.&cC'd}I$r'cC#C'd~n#}:d}I$};]c$#C#d$}3D#C'd*}?D'/$..C#C']c$#C#d$" +
    "}3D#F%C#Yc$#.",
};
